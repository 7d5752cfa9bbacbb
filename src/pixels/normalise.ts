import { GatewayError } from '../errors/gateway-error.js';
import type { SourceImage, UploadedImage } from '../images/image-request.js';
import { pictureInMemory } from '../uploads/spool.js';
import { bytesOf } from './bytes-of.js';
import { loadSharp } from './sharp.js';
import { inTurn } from './turns.js';

/** What Recraft takes (recraft-api.md §4.1). */
const MAX_SIDE = 4_096;
const MAX_PIXELS = 16_000_000;
const TAKEN: ReadonlySet<UploadedImage['format']> = new Set(['png', 'jpeg', 'webp']);

/** A small file may claim to be a huge picture. */
const MAX_INPUT_PIXELS = 100_000_000;
const JPEG_QUALITY = 95;

/**
 * Makes a picture fit that Recraft refuses for its container or size alone: any format that can be read here (the first
 * frame of an animation), turned upright, at most 4,096 pixels a side and 16 megapixels. Pictures that fit already, drawings
 * and links stay as they are.
 *
 * @throws GatewayError invalidImage naming the picture's own field, where it cannot be read
 */
export async function normalise(image: SourceImage): Promise<SourceImage> {
  if (image.kind === 'link' || image.format === 'svg') return image;
  return inTurn(() => fitted(image));
}

async function fitted(image: UploadedImage): Promise<SourceImage> {
  const [sharp, bytes] = await Promise.all([loadSharp(), bytesOf(image)]);
  try {
    const picture = sharp(bytes, { limitInputPixels: MAX_INPUT_PIXELS });
    const { width, height, orientation = 1, hasAlpha } = await picture.metadata();
    const scale = Math.min(1, MAX_SIDE / Math.max(width, height), Math.sqrt(MAX_PIXELS / (width * height)));
    if (TAKEN.has(image.format) && orientation === 1 && scale === 1) return image;
    const upright = picture.autoOrient().toColourspace('srgb');
    const turned = orientation > 4;
    const [across, down] = turned ? [height, width] : [width, height];
    const sized =
      scale < 1 ? upright.resize(Math.floor(across * scale), Math.floor(down * scale), { fit: 'fill' }) : upright;
    const file = hasAlpha ? sized.png() : sized.jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:4:4' });
    return pictureInMemory(image.param, await file.toBuffer());
  } catch (cause) {
    throw new GatewayError('invalidImage', 'The picture cannot be read.', { param: image.param, cause });
  }
}
