import sharp from 'sharp';
import { Refusal } from './answer.js';
import type { RasterFormat } from './drawing/render.js';
import type { Size } from './sizes.js';
import { decoded } from './source-picture.js';

/** Pixels of a picture, `channels` bytes each, row by row. */
export interface Raster extends Size {
  readonly data: Buffer;
  readonly channels: 1 | 3 | 4;
}

/** The white of a mask: what is drawn anew or taken away. */
export const WHITE = 255;

/** A picture's colours, without alpha; drawings are rendered at the size they name. */
export async function rasterOf(bytes: Buffer, size?: Size): Promise<Raster> {
  const picture = sharp(bytes).autoOrient().flatten({ background: '#fff' }).toColourspace('srgb').removeAlpha();
  const sized = size === undefined ? picture : picture.resize(size.width, size.height, { fit: 'fill' });
  return await read(() => sized.raw().toBuffer({ resolveWithObject: true }), 3);
}

/**
 * A mask's white and black.
 *
 * @throws Refusal where it has another size, other values or transparent parts (recraft-api.md §4.1; the words are inferred)
 */
export async function maskOf(bytes: Buffer, size: Size): Promise<Raster> {
  const grey = sharp(bytes).toColourspace('b-w').removeAlpha().extractChannel(0);
  const mask = await read(() => grey.raw().toBuffer({ resolveWithObject: true }), 1);
  if (mask.width !== size.width || mask.height !== size.height) {
    const sizes = `mask size should be equal to image size ${size.width}x${size.height}, not ${mask.width}x${mask.height}`;
    throw new Refusal(sizes, 'invalid_image_format');
  }
  if ((await hasTransparentParts(bytes)) || mask.data.some((value) => value !== 0 && value !== WHITE)) {
    throw new Refusal('mask should be a grayscale image with values 0 and 255', 'invalid_image_format');
  }
  return mask;
}

async function hasTransparentParts(bytes: Buffer): Promise<boolean> {
  const { hasAlpha } = await sharp(bytes).metadata();
  if (!hasAlpha) return false;
  const alpha = await sharp(bytes).toColourspace('srgb').ensureAlpha().extractChannel('alpha').raw().toBuffer();
  return alpha.some((value) => value !== 255);
}

async function read(
  decode: () => Promise<{ data: Buffer; info: { width: number; height: number } }>,
  channels: 1 | 3,
): Promise<Raster> {
  const { data, info } = await decoded(decode);
  return { data, width: info.width, height: info.height, channels };
}

/** Takes the pixels of `fresh` where the mask is white, and those of `base` elsewhere. */
export function merged(base: Raster, fresh: Raster, mask: Raster): Raster {
  const data = Buffer.from(base.data);
  for (let at = 0; at < mask.data.length; at += 1) {
    if (mask.data[at] === WHITE) fresh.data.copy(data, at * 3, at * 3, at * 3 + 3);
  }
  return { ...base, data };
}

/** How far a channel may be from the border's colour and still be background. */
const TOLERANCE = 40;

/** White where a picture shows its background: what has the colour of its border. */
export function backgroundOf({ data, width, height }: Raster): Raster {
  const border = borderColor(data, width, height);
  const mask = Buffer.alloc(width * height);
  for (let at = 0; at < mask.length; at += 1) {
    const isBackground = border.every((value, channel) => Math.abs((data[at * 3 + channel] ?? 0) - value) <= TOLERANCE);
    if (isBackground) mask[at] = WHITE;
  }
  return { data: mask, width, height, channels: 1 };
}

function borderColor(data: Buffer, width: number, height: number): number[] {
  const corners = [0, width - 1, (height - 1) * width, height * width - 1];
  return [0, 1, 2].map(
    (channel) => corners.reduce((sum, at) => sum + (data[at * 3 + channel] ?? 0), 0) / corners.length,
  );
}

/** One colour for what was taken away: the mean of what is left. */
export function erased(base: Raster, mask: Raster): Raster {
  const sums = [0, 0, 0];
  let count = 0;
  for (let at = 0; at < mask.data.length; at += 1) {
    if (mask.data[at] === WHITE) continue;
    count += 1;
    for (let channel = 0; channel < 3; channel += 1)
      sums[channel] = (sums[channel] ?? 0) + (base.data[at * 3 + channel] ?? 0);
  }
  const mean = Buffer.from(sums.map((sum) => Math.round(sum / Math.max(1, count))));
  const data = Buffer.alloc(base.data.length);
  for (let at = 0; at < data.length; at += 3) mean.copy(data, at);
  return merged(base, { ...base, data }, mask);
}

/** A picture file of pixels. */
export async function encoded({ data, width, height, channels }: Raster, format: RasterFormat): Promise<Buffer> {
  const picture = sharp(data, { raw: { width, height, channels } });
  return format === 'webp'
    ? await picture.webp({ lossless: true, effort: 0 }).toBuffer()
    : await picture.png({ compressionLevel: 3 }).toBuffer();
}
