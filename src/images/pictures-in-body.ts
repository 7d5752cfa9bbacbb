import { GatewayError } from '../errors/gateway-error.js';
import { pictureInMemory } from '../uploads/spool.js';
import { type Fields, isObject } from './body.js';
import type { SourceImage, UploadedImage } from './image-request.js';

/** A place for pictures in a body. */
export interface PictureSlot {
  /** What a request without the picture is told is missing. */
  readonly name: string;
  /** The names of form parts and of fields with URLs that belong here. */
  readonly spelling: RegExp;
  readonly isRequired: boolean;
  /** Most pictures here. */
  readonly most: number;
  /** Takes form parts under any name that belongs nowhere else, as Recraft does (recraft-api.md §4.1). */
  readonly takesAnyFile?: true;
  /** Takes files or URLs and not both: Recraft has a field for each, and what it does with the two is documented nowhere. */
  readonly isEitherOr?: true;
  /** What the picture is for, to be put into a message. */
  readonly purpose: string;
}

export interface FoundPictures {
  /** By the name of their slot. */
  readonly pictures: ReadonlyMap<string, readonly SourceImage[]>;
  /** What is left of the fields. */
  readonly fields: Fields;
}

export const NO_PICTURES: FoundPictures['pictures'] = new Map();

/** Base64 data URL of any media type; the type is not believed, the bytes are looked at. */
const DATA_URL = /^data:[^,]*;base64,/i;

/**
 * Finds the pictures of a request, among uploaded parts or as URLs among the fields.
 *
 * @throws GatewayError naming what is missing, too much or not taken
 */
export function takePictures(
  uploads: readonly UploadedImage[],
  body: Fields,
  slots: readonly PictureSlot[],
  maxBytes: number,
): FoundPictures {
  if (uploads.length === 0 && !needsPictures(body, slots)) return { pictures: NO_PICTURES, fields: body };
  const found = new Map(slots.map(({ name }) => [name, [] as SourceImage[]] as const));
  const add = (slot: PictureSlot, pictures: readonly SourceImage[]): void =>
    void found.get(slot.name)?.push(...pictures);
  for (const upload of uploads) {
    const slot = slotOf(upload.param, slots) ?? slots.find(({ takesAnyFile }) => takesAnyFile);
    if (!slot) throw refusedFile(upload.param, slots);
    add(slot, [upload]);
  }
  const fields: Fields = {};
  for (const [name, value] of Object.entries(body)) {
    const slot = slotOf(name, slots);
    if (!slot) {
      fields[name] = value;
      continue;
    }
    const linked = references(name, value, maxBytes);
    if (slot.isEitherOr && linked.length > 0 && (found.get(slot.name) ?? []).length > 0) throw bothWays(name, slot);
    add(slot, linked);
  }
  for (const slot of slots) checkNumber(slot, found.get(slot.name) ?? []);
  return { pictures: found, fields };
}

/** Whether a body without files has or has to have pictures: most orders are words alone. */
function needsPictures(body: Fields, slots: readonly PictureSlot[]): boolean {
  for (const { isRequired } of slots) if (isRequired) return true;
  for (const name in body) if (slotOf(name, slots)) return true;
  return false;
}

function slotOf(name: string, slots: readonly PictureSlot[]): PictureSlot | undefined {
  return slots.find(({ spelling }) => spelling.test(name));
}

function checkNumber({ name, isRequired, most, purpose }: PictureSlot, pictures: readonly SourceImage[]): void {
  const { length } = pictures;
  if (isRequired && length === 0) {
    const article = /^[aeiou]/.test(name) ? 'An' : 'A';
    throw new GatewayError('missingParameter', `${article} ${name} is required: ${purpose}.`, { param: name });
  }
  if (length <= most) return;
  const limit = most === 1 ? 'one picture at a time' : `${most} pictures at most`;
  const param = most === 1 ? name : fieldOf(pictures[most], name);
  throw new GatewayError('invalidValue', `Recraft takes ${limit} as ${param}; ${length} were sent.`, { param });
}

/** The field that a picture of a list came in. */
function fieldOf(picture: SourceImage | undefined, otherwise: string): string {
  return picture?.param.replace(/\[\d*\]$/, '') ?? otherwise;
}

function bothWays(param: string, { name }: PictureSlot): GatewayError {
  return new GatewayError('invalidValue', `Send the pictures as ${name} or as ${param}, not as both.`, { param });
}

function refusedFile(param: string, [first]: readonly PictureSlot[]): GatewayError {
  const hint = first ? `; send the picture as ${first.name}` : '';
  return new GatewayError('unsupportedParameter', `This file is not taken here${hint}.`, { param });
}

/** A URL, `{image_url}` as OpenAI's JSON edits have it, or a list of either (openai-images.md §1.3). */
function references(param: string, value: unknown, maxBytes: number): SourceImage[] {
  // A form's field that was left empty; Swagger UI sends some.
  if (value === '') return [];
  if (Array.isArray(value))
    return value.flatMap((element, index) => references(`${param}[${index}]`, element, maxBytes));
  if (typeof value === 'string') return [reference(param, value, maxBytes)];
  if (isObject(value)) {
    if (typeof value['image_url'] === 'string') return [reference(`${param}.image_url`, value['image_url'], maxBytes)];
    if ('file_id' in value)
      throw new GatewayError('unsupportedParameter', 'There are no stored files here.', { param: `${param}.file_id` });
  }
  throw new GatewayError('invalidType', 'A picture is a file, an https URL or a data URL.', { param });
}

function reference(param: string, url: string, maxBytes: number): SourceImage {
  if (DATA_URL.test(url)) return fromDataUrl(param, url, maxBytes);
  if (isWebUrl(url)) return { kind: 'link', param, url };
  throw new GatewayError('invalidValue', 'A picture is an http(s) URL or a base64 data URL.', { param });
}

function isWebUrl(text: string): boolean {
  const url = URL.parse(text);
  return (url?.protocol === 'https:' || url?.protocol === 'http:') && url.hostname !== '';
}

function fromDataUrl(param: string, url: string, maxBytes: number): UploadedImage {
  const bytes = Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
  if (bytes.length > maxBytes) {
    throw new GatewayError('tooLarge', `The picture has ${bytes.length} bytes; ${maxBytes} are allowed.`, { param });
  }
  return pictureInMemory(param, bytes);
}
