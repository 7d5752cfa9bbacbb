import { GatewayError } from '../../errors/gateway-error.js';
import type { SourceImage, UploadedImage } from '../image-request.js';
import { pictureInMemory } from '../../uploads/spool.js';
import { type Fields, isObject } from './body.js';

/** Every spelling clients use for the picture (openai-images.md §0.7): `image`, `image[]`, `image[0]`, `images[]`. */
const IMAGE_FIELD = /^images?(\[\d*\])?$/;
const MASK_FIELD = /^masks?(\[\d*\]|_url)?$/;

/** Base64 data URL of any media type; the type is not believed, the bytes are looked at. */
const DATA_URL = /^data:[^,]*;base64,/i;

export interface EditSource {
  readonly image: SourceImage;
  /** What is left of the fields. */
  readonly fields: Fields;
}

/**
 * Finds the one picture of an edit, among uploaded parts or as a URL among the fields.
 *
 * @throws GatewayError naming `image` where there is none or more than one, or the field that is not taken
 */
export function takeSourceImage(uploads: readonly UploadedImage[], body: Fields, maxBytes: number): EditSource {
  const fields: Fields = {};
  const images: SourceImage[] = [];
  for (const upload of uploads) {
    if (!IMAGE_FIELD.test(upload.param)) throw refusedFile(upload.param);
    images.push(upload);
  }
  for (const [name, value] of Object.entries(body)) {
    if (IMAGE_FIELD.test(name) || name === 'image_url') images.push(...references(name, value, maxBytes));
    else if (MASK_FIELD.test(name)) throw refusedFile(name);
    else fields[name] = value;
  }
  const [image, ...more] = images;
  if (!image)
    throw new GatewayError('missingParameter', 'An image is required: the picture to change.', { param: 'image' });
  if (more.length > 0) {
    throw new GatewayError('invalidValue', `Recraft changes one picture at a time; ${images.length} were sent.`, {
      param: 'image',
    });
  }
  return { image, fields };
}

function refusedFile(param: string): GatewayError {
  const what = MASK_FIELD.test(param)
    ? 'A mask is not taken here'
    : 'This file is not taken here; send the picture as image';
  return new GatewayError('unsupportedParameter', `${what}.`, { param });
}

/** A URL, `{image_url}` as OpenAI's JSON edits have it, or a list of either (openai-images.md §1.3). */
function references(param: string, value: unknown, maxBytes: number): SourceImage[] {
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
