import { GatewayError } from '../errors/gateway-error.js';
import type { SourceImage, UploadedImage } from '../images/image-request.js';
import { pictureInMemory } from '../uploads/spool.js';
import { bytesOf } from './bytes-of.js';
import { openPicture } from './open-picture.js';
import { inTurn } from './turns.js';

/** What Recraft takes (recraft-api.md §4.1). */
const MAX_SIDE = 4_096;
const MAX_PIXELS = 16_000_000;
const TAKEN: ReadonlySet<UploadedImage['format']> = new Set(['png', 'jpeg', 'webp']);

/** A small file may claim to be a huge picture. */
const MAX_INPUT_MEGAPIXELS = 100;
const JPEG_QUALITY = 95;

interface Size {
  readonly width: number;
  readonly height: number;
}

/** How the pixels of a picture were moved: what lies over it has to follow (fit-mask.ts). */
export interface PixelChange {
  /** EXIF's number of the turn, 1 to 8; above 4 the sides change places. */
  readonly orientation: number;
  /** Its size as it was stored, before the turn. */
  readonly from: Size;
  readonly to: Size;
}

export interface FittedPicture {
  readonly image: SourceImage;
  /** Missing where every pixel stands where it stood. */
  readonly change?: PixelChange;
}

/**
 * Makes a picture fit that Recraft refuses for its container or size alone: any format that can be read here (the first
 * frame of an animation), turned upright, at most 4,096 pixels a side and 16 megapixels. Pictures that fit already, drawings
 * and links stay as they are.
 *
 * @throws GatewayError invalidImage naming the picture's own field, where it cannot be read
 */
export async function fitPicture(image: SourceImage): Promise<FittedPicture> {
  if (image.kind === 'link' || image.format === 'svg') return { image };
  return inTurn(() => fitted(image));
}

/** The picture of fitPicture, for where nothing lies over it. @throws GatewayError as fitPicture does */
export async function normalise(image: SourceImage): Promise<SourceImage> {
  return (await fitPicture(image)).image;
}

async function fitted(image: UploadedImage): Promise<FittedPicture> {
  const bytes = await bytesOf(image);
  try {
    const { header, decode } = await openPicture(bytes);
    const { width, height, orientation = 1, hasAlpha } = header;
    checkPixels(image, header);
    const scale = Math.min(1, MAX_SIDE / Math.max(width, height), Math.sqrt(MAX_PIXELS / (width * height)));
    if (TAKEN.has(image.format) && orientation === 1 && scale === 1) return { image };
    const upright = orientation > 4 ? { width: height, height: width } : { width, height };
    const to = { width: Math.floor(upright.width * scale), height: Math.floor(upright.height * scale) };
    const turned = decode().autoOrient().toColourspace('srgb');
    const sized = scale < 1 ? turned.resize({ ...to, fit: 'fill' }) : turned;
    const file = hasAlpha ? sized.png() : sized.jpeg({ quality: JPEG_QUALITY, chromaSubsampling: '4:4:4' });
    const fitting = pictureInMemory(image.param, await file.toBuffer(), scale < 1 ? { width, height } : undefined);
    const hasMoved = orientation !== 1 || scale < 1;
    return { image: fitting, ...(hasMoved && { change: { orientation, from: { width, height }, to } }) };
  } catch (cause) {
    throw cause instanceof GatewayError ? cause : unreadable(image, cause);
  }
}

function checkPixels({ param }: UploadedImage, { width, height }: Size): void {
  if (width * height <= MAX_INPUT_MEGAPIXELS * 1_000_000) return;
  const message = `The picture must have at most ${MAX_INPUT_MEGAPIXELS} megapixels to be made to fit; this one is ${width}x${height}.`;
  throw new GatewayError('invalidImage', message, { param });
}

/** The picture library reads AVIF and no HEIC where it comes without an HEVC decoder, as its prebuilt packages do. */
function unreadable({ param, format }: UploadedImage, cause: unknown): GatewayError {
  if (format !== 'heic') return new GatewayError('invalidImage', 'The picture cannot be read.', { param, cause });
  const message = 'HEIC pictures cannot be read here: there is no HEVC decoder. Send PNG, JPEG or WebP.';
  return new GatewayError('unknownPictureKind', message, { param, cause });
}
