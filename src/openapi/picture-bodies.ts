import type { OpenAPIObject } from '@nestjs/swagger';
import { VARIATION_SLOTS } from '../images/openai/edit-slots.js';
import { VariateImageDto } from '../images/openai/dto/variate-image.dto.js';
import type { PictureSlot } from '../images/pictures-in-body.js';
import { CreateStyleDto } from '../images/recraft/dto/styles.dto.js';
import { PICTURE_ROUTES } from '../images/recraft/routes.js';
import { STYLE_SLOTS } from '../images/recraft/style-slots.js';
import type { Schema } from './edit-bodies.js';

type RequestBody = NonNullable<NonNullable<OpenAPIObject['paths'][string]['post']>['requestBody']>;

interface Described {
  readonly dto: { readonly name: string };
  readonly slots: readonly PictureSlot[];
}

const ROUTES: ReadonlyMap<string, Described> = new Map<string, Described>([
  ...PICTURE_ROUTES.flatMap((route) => route.paths.map((path) => [`/v1/images/${path}`, route] as const)),
  ['/v1/images/variations', { dto: VariateImageDto, slots: VARIATION_SLOTS }],
  ['/v1/styles', { dto: CreateStyleDto, slots: STYLE_SLOTS }],
]);

/** Before a route's name where the path carries the model, however it is written down. */
const AZURE_PREFIX = /^\/openai\/deployments\/.+\/images\//;

/**
 * The bodies of a route that takes pictures: a form with files, or JSON with links. Its DTO knows nothing of the pictures
 * and how they come. Undefined where a route takes none.
 */
export function pictureBody(path: string): RequestBody | undefined {
  const route = ROUTES.get(path.replace(AZURE_PREFIX, '/v1/images/'));
  if (!route) return undefined;
  const fields = { $ref: `#/components/schemas/${route.dto.name}` };
  if (route.slots.length === 0) return { required: true, content: { 'application/json': { schema: fields } } };
  const form = Object.fromEntries(route.slots.map((slot) => [formName(slot), fileOf(slot)]));
  const links = Object.fromEntries(
    route.slots.map((slot) => [linkName(slot), slot.most === 1 ? linkOf(slot) : linksOf(slot)]),
  );
  const needed = route.slots.filter(({ isRequired }) => isRequired);
  return {
    required: true,
    description: 'A form with files, or JSON with URLs. Fields not listed here go to Recraft as they are.',
    content: {
      'multipart/form-data': { schema: together(fields, form, needed.map(formName)) },
      'application/json': { schema: together(fields, links, needed.map(linkName)) },
    },
  };
}

function together(fields: { $ref: string }, properties: Record<string, Schema>, required: readonly string[]): Schema {
  return { allOf: [{ type: 'object', properties, ...(required.length > 0 && { required: [...required] }) }, fields] };
}

function formName({ name }: PictureSlot): string {
  return name;
}

const LINK_NAMES: Readonly<Record<string, string>> = { files: 'image_urls', style_references: 'style_reference_urls' };

function linkName({ name }: PictureSlot): string {
  return LINK_NAMES[name] ?? `${name}_url`;
}

function sentence({ purpose }: PictureSlot): string {
  return `${purpose.slice(0, 1).toUpperCase()}${purpose.slice(1)}.`;
}

/** More files of a slot are parts of the same name, which Swagger UI does not send as a list. */
function fileOf(slot: PictureSlot): Schema {
  const repeated = slot.most === 1 ? '' : ` Repeat the field for more, ${slot.most} at most.`;
  return { type: 'string', format: 'binary', description: sentence(slot) + repeated };
}

function linkOf(slot: PictureSlot): Schema {
  return {
    type: 'string',
    description: `${sentence(slot)} A base64 data URL, or an https URL that Recraft fetches.`,
    example: 'https://example.com/house.png',
  };
}

/** Base64 makes a third more of them. */
const IN_JSON =
  ' As data URLs they have to fit into one JSON body of at most 30 MiB (`MAX_JSON_BYTES`): several large ones go as a form.';

function linksOf(slot: PictureSlot): Schema {
  return { type: 'array', maxItems: slot.most, items: { type: 'string' }, description: sentence(slot) + IN_JSON };
}
