import type { OutputInfo } from 'sharp';
import { GatewayError } from '../errors/gateway-error.js';
import { maskSizeProblem, type UploadedImage } from '../images/image-request.js';
import { pictureInMemory } from '../uploads/spool.js';
import { bytesOf } from './bytes-of.js';
import { openPicture } from './open-picture.js';
import { loadSharp } from './sharp.js';
import { inTurn } from './turns.js';

const WHITE = 255;
/** From this alpha on a pixel stays as it is. */
const OPAQUE = 128;
/** Far above what Recraft takes: a small file may claim to be a huge picture. */
const MAX_PIXELS = 32_000_000;

interface Raw {
  readonly data: Buffer;
  readonly info: OutputInfo;
}

/**
 * Turns OpenAI's mask (transparent: edit; a picture with alpha of the image's size) into Recraft's (greyscale, white: edit,
 * only 0 and 255) (openai-images.md §1.3; recraft-api.md §4.1). A mask without alpha that is black and white alone is
 * taken as one of Recraft's.
 *
 * @throws GatewayError invalidImage naming the mask's own field
 */
export async function toRecraftMask(mask: UploadedImage, image: UploadedImage): Promise<UploadedImage> {
  checkSize(mask, image);
  return inTurn(async () => {
    const raw = await decode(mask);
    const grey = raw.info.channels === 4 ? greyOfAlpha(raw) : greyOfBlackAndWhite(raw, mask);
    if (!grey.includes(WHITE)) throw refused(mask, 'The mask leaves nothing to edit: no pixel of it is transparent.');
    const { width, height } = raw.info;
    const sharp = await loadSharp();
    const png = await sharp(grey, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png({ compressionLevel: 3 })
      .toBuffer();
    return pictureInMemory(mask.param, png);
  });
}

function checkSize(mask: UploadedImage, image: UploadedImage): void {
  if (mask.format === 'svg' || mask.format === undefined) {
    throw refused(mask, 'The mask must be a PNG with transparency.');
  }
  const problem = maskSizeProblem(mask, image);
  if (problem !== undefined) throw refused(mask, problem);
}

async function decode(mask: UploadedImage): Promise<Raw> {
  const bytes = await bytesOf(mask);
  try {
    const { header, decode } = await openPicture(bytes);
    checkPixels(mask, header);
    const colours = decode().toColourspace('srgb');
    const pixels = header.hasAlpha ? colours.ensureAlpha() : colours.removeAlpha();
    return await pixels.raw().toBuffer({ resolveWithObject: true });
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('invalidImage', 'The mask cannot be read.', { param: mask.param, cause });
  }
}

function checkPixels(
  mask: UploadedImage,
  { width, height }: { readonly width: number; readonly height: number },
): void {
  if (width * height <= MAX_PIXELS) return;
  throw refused(mask, `The mask must have at most ${MAX_PIXELS / 1_000_000} megapixels; it has ${width}x${height}.`);
}

function greyOfAlpha({ data, info }: Raw): Buffer {
  const grey = Buffer.alloc(info.width * info.height);
  for (let at = 0; at < grey.length; at++) if ((data[at * 4 + 3] ?? WHITE) < OPAQUE) grey[at] = WHITE;
  return grey;
}

function greyOfBlackAndWhite({ data, info }: Raw, mask: UploadedImage): Buffer {
  const grey = Buffer.alloc(info.width * info.height);
  for (let at = 0; at < grey.length; at++) {
    const from = at * info.channels;
    const value = data[from] ?? 0;
    const isGrey = info.channels === 1 || (data[from + 1] === value && data[from + 2] === value);
    if (!isGrey || (value !== 0 && value !== WHITE)) {
      throw refused(mask, 'The mask has no transparency: make the parts transparent that may change.');
    }
    grey[at] = value;
  }
  return grey;
}

function refused({ param }: UploadedImage, message: string): GatewayError {
  return new GatewayError('invalidImage', message, { param });
}
