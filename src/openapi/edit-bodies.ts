import type { OpenAPIObject } from '@nestjs/swagger';
import { EDITS } from './picture-examples.js';

type Components = NonNullable<OpenAPIObject['components']>;
type AnySchema = NonNullable<Components['schemas']>[string];
/** A schema that is written out, and no reference. */
export type Schema = Exclude<AnySchema, { $ref: string }>;
export type RequestBody = NonNullable<NonNullable<OpenAPIObject['paths'][string]['post']>['requestBody']>;
type Properties = NonNullable<Schema['properties']>;

/** The two bodies of an edit among the document's schemas. */
const FORM = 'EditImageForm';
const JSON_BODY = 'EditImageJson';

const IMAGE_FILE: Schema = {
  type: 'string',
  format: 'binary',
  description:
    'The picture to change: PNG, JPEG, WebP or SVG, at most 20 MiB, sides of 256 to 4,096 pixels, 16 megapixels. ' +
    'One picture; `image[]`, `images[]` and `image[0]` are taken too.',
};

const IMAGE_URL: Schema = {
  type: 'string',
  description: 'A base64 data URL, or an https URL that Recraft fetches.',
  example: 'https://example.com/house.png',
};

const MASK_FILE: Schema = {
  type: 'string',
  format: 'binary',
  description:
    "A PNG of the picture's size whose transparent parts show what may change; Recraft V3 draws there. " +
    'A black and white picture without transparency is taken too: white may change.',
};

const MASK_URL: Schema = {
  type: 'string',
  description: `As a base64 data URL. ${MASK_FILE.description ?? ''}`,
  example: 'data:image/png;base64,iVBORw0KGgo=',
};

const IMAGE_OBJECT: Schema = { type: 'object', required: ['image_url'], properties: { image_url: IMAGE_URL } };

const IMAGE_FIELDS: Properties = {
  image: {
    description: 'The picture to change. Give one of `image`, `images` and `image_url`.',
    oneOf: [IMAGE_URL, IMAGE_OBJECT],
  },
  images: {
    type: 'array',
    minItems: 1,
    maxItems: 1,
    items: { oneOf: [IMAGE_URL, IMAGE_OBJECT] },
    description: "OpenAI's spelling of `image`. Recraft changes one picture at a time.",
  },
  image_url: { ...IMAGE_URL, description: `Recraft's spelling of \`image\`. ${IMAGE_URL.description ?? ''}` },
};

/** Fields of a form that hold more than one value, and how they look as text. */
const AS_JSON_TEXT: Readonly<Record<string, unknown>> = {
  controls: { colors: [{ rgb: [0, 71, 171] }] },
  text_layout: [
    {
      text: 'BREAD',
      bbox: [
        [0.2, 0.2],
        [0.8, 0.2],
        [0.8, 0.4],
        [0.2, 0.4],
      ],
    },
  ],
  extra_body: { style_id: '8f4ae0a1-5c3e-4c0b-9d7e-0a2b6f1c9d34' },
};

/** The bodies of an edit, made of the schema of its DTO, which knows nothing of the picture and how it comes. */
export function editBodies(dto: Schema): { schemas: Record<string, Schema>; requestBody: RequestBody } {
  const fields = { ...dto.properties, prompt: { ...dto.properties?.['prompt'], example: 'The same place in winter' } };
  const required = dto.required ?? [];
  return {
    schemas: {
      [FORM]: {
        ...dto,
        description: 'A picture and how it is to be changed. Empty fields count as not given.',
        properties: { image: IMAGE_FILE, mask: MASK_FILE, ...formFields(fields) },
        required: ['image', ...required],
      },
      [JSON_BODY]: {
        ...dto,
        description: 'A picture as a URL, and how it is to be changed.',
        properties: { ...IMAGE_FIELDS, mask: MASK_URL, ...fields },
        required,
      },
    },
    requestBody: {
      required: true,
      description: 'A form with the file, or JSON with a URL. Fields not listed here go to Recraft as they are.',
      content: {
        'multipart/form-data': { schema: { $ref: `#/components/schemas/${FORM}` } },
        'application/json': { schema: { $ref: `#/components/schemas/${JSON_BODY}` }, examples: EDITS },
      },
    },
  };
}

/** The fields of a DTO as those of a form. */
export function formFields(fields: Properties): Properties {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, formField(name, field as Schema)]));
}

/** A form has only text, so that a field with more in it than one value is written as JSON. */
function formField(name: string, field: Schema): Schema {
  if (!(name in AS_JSON_TEXT)) return field;
  const description = `${field.description ?? ''} As JSON text.`;
  return { type: 'string', description, example: JSON.stringify(AS_JSON_TEXT[name]) };
}
