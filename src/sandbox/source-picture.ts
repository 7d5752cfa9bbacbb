import sharp, { type Sharp } from 'sharp';
import { Refusal } from './answer.js';
import type { SourceRef } from './order.js';
import type { PictureStore } from './picture-store.js';
import type { Size } from './sizes.js';

/** A picture that a request brought, within Recraft's limits. */
export interface SourcePicture extends Size {
  readonly bytes: Buffer;
  readonly format: string;
}

/** What a route takes (recraft-api.md §4.1). */
export interface PictureLimits {
  readonly formats: readonly string[];
  /** Bytes have to stay below this. */
  readonly bytes: number;
  /** Shortest side, in pixels; 256 without it. */
  readonly minSide?: number;
}

export const SOURCE_LIMITS: PictureLimits = { formats: ['png', 'jpeg', 'webp', 'svg'], bytes: 20 * 1024 * 1024 };
export const RASTER_LIMITS: PictureLimits = { formats: ['png', 'jpeg', 'webp'], bytes: 20 * 1024 * 1024 };
export const MASK_LIMITS: PictureLimits = { ...RASTER_LIMITS, minSide: 1 };
export const REFERENCE_LIMITS: PictureLimits = { formats: ['png', 'jpeg', 'webp'], bytes: 10 * 1024 * 1024 };

const INVALID_IMAGE = 'invalid_image_format';
const MIN_SIDE = 256;
const MAX_SIDE = 4096;
const MAX_PIXELS = 16_000_000;

/**
 * Fetches a picture and checks it.
 *
 * @throws Refusal; two of its texts were recorded (recraft-api.md §9), the others follow them
 */
export async function openPicture(ref: SourceRef, limits: PictureLimits, own: PictureStore): Promise<SourcePicture> {
  const bytes = 'bytes' in ref ? ref.bytes : await download(ref.url, own);
  if (bytes.length >= limits.bytes) {
    throw new Refusal(`image file size should be less than ${limits.bytes / 1024 / 1024} MB`, INVALID_IMAGE);
  }
  const { format, width, height } = await measure(bytes);
  if (!limits.formats.includes(format)) throw unknownFormat();
  if (format === 'svg') checkSvg(bytes);
  // A small SVG is scaled up instead (recraft-api.md §4.1).
  else if (Math.min(width, height) < (limits.minSide ?? MIN_SIDE)) {
    throw new Refusal(`min image dimension should be no less than ${limits.minSide ?? MIN_SIDE}`, INVALID_IMAGE);
  }
  if (Math.max(width, height) > MAX_SIDE) {
    throw new Refusal(`max image dimension should be no more than ${MAX_SIDE}`, INVALID_IMAGE);
  }
  if (width * height > MAX_PIXELS) throw new Refusal('image should have no more than 16 megapixels', INVALID_IMAGE);
  return { bytes, width, height, format };
}

/** Cuts a picture to a size, as an opaque PNG. */
export async function fitPicture({ bytes }: SourcePicture, { width, height }: Size): Promise<Buffer> {
  return await decoded(() => upright(bytes, width, height).png({ compressionLevel: 0 }).toBuffer());
}

/** A picture's colours in a coarse grid, three bytes a cell. */
export async function sampleColors(
  { bytes }: SourcePicture,
  columns: number,
  rows: number,
): Promise<{ data: Uint8Array; columns: number; rows: number }> {
  return { data: await decoded(() => upright(bytes, columns, rows).raw().toBuffer()), columns, rows };
}

function upright(bytes: Buffer, width: number, height: number): Sharp {
  return sharp(bytes)
    .autoOrient()
    .resize(width, height, { fit: 'cover' })
    .flatten({ background: '#fff' })
    .toColourspace('srgb');
}

async function measure(bytes: Buffer): Promise<Size & { format: string }> {
  const { format, autoOrient } = await decoded(() => sharp(bytes, { limitInputPixels: false }).metadata());
  return { format, width: autoOrient.width, height: autoOrient.height };
}

/** Decodes a picture in whatever way. @throws Refusal where it is none, or broken */
export async function decoded<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read();
  } catch {
    // Whatever sharp cannot read, Recraft's decoder is taken not to know either.
    throw unknownFormat();
  }
}

function unknownFormat(): Refusal {
  return new Refusal('invalid image format: image: unknown format', INVALID_IMAGE);
}

/** Scripts, entities and references to the outside make an SVG unsafe. */
function checkSvg(bytes: Buffer): void {
  const text = bytes.toString();
  if (/<script|<foreignObject|<!ENTITY|\son\w+\s*=|href\s*=\s*["'](?!#|data:)/i.test(text)) {
    throw new Refusal('unsafe SVG', INVALID_IMAGE);
  }
}

const DATA_URL = /^data:[^,]*?(;base64)?,/;

/** Takes data URLs, pictures of this sandbox's own, and this machine's servers: the sandbox never goes out on a network. */
async function download(url: string, own: PictureStore): Promise<Buffer> {
  const [head, base64] = DATA_URL.exec(url) ?? [];
  if (head !== undefined) return decodeData(url.slice(head.length), base64 !== undefined);
  const target = URL.parse(url);
  if (target === null) throw new Refusal(`invalid image URL '${url}'`);
  const picture = own.find(target.pathname);
  if (picture !== undefined) {
    if (typeof picture === 'string') throw new Refusal(`failed to download image from '${url}'`);
    return picture.bytes;
  }
  if (!/^https?:$/.test(target.protocol) || !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(target.hostname)) {
    throw new Refusal(`the sandbox cannot reach the public network, so not '${url}' either; send a data URL or a file`);
  }
  return await fetchLocal(target);
}

function decodeData(data: string, base64: boolean): Buffer {
  try {
    return base64 ? Buffer.from(data, 'base64') : Buffer.from(decodeURIComponent(data));
  } catch {
    throw new Refusal('invalid data URL');
  }
}

async function fetchLocal(url: URL): Promise<Buffer> {
  const refusal = new Refusal(`failed to download image from '${url.href}'`);
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(10_000), redirect: 'error' });
    if (!answer.ok) throw refusal;
    return Buffer.from(await answer.arrayBuffer());
  } catch {
    throw refusal;
  }
}
