import { GatewayError } from '../../errors/gateway-error.js';
import {
  type ImageRequest,
  maskSizeProblem,
  type SourceImage,
  type UploadedImage,
} from '../../images/image-request.js';
import type { SourceLimits } from './operations.js';

/** What Recraft takes as a source picture (recraft-api.md §4.1). */
const FORMATS: ReadonlySet<string | undefined> = new Set(['png', 'jpeg', 'webp', 'svg']);
// Recraft says "20 MB" and not which; the larger reading, since what Recraft refuses costs nothing.
const MAX_MEBIBYTES = 20;
const MAX_BYTES = MAX_MEBIBYTES * 1_024 * 1_024;
const MAX_SIDE = 4_096;
const MIN_SIDE = 256;
// Decimal: with binary megapixels the longest side would say the same and the rule would be empty.
const MAX_MEGAPIXELS = 16;
const MAX_PIXELS = MAX_MEGAPIXELS * 1_000_000;

/**
 * Checks a picture to be edited by what Recraft takes. A linked picture is Recraft's to fetch and to check.
 *
 * @throws GatewayError naming the picture's own field
 */
export function checkSource(image: SourceImage, limits: SourceLimits): void {
  if (image.kind === 'link') return;
  checkFormat(image, limits.takesSvg);
  checkBytes(image);
  checkSides(image, limits.minSide);
  checkUpright(image);
  checkWhole(image);
}

/**
 * Checks a mask against the picture it lies over (recraft-api.md §4.1).
 *
 * @throws GatewayError naming the mask's own field
 */
export function checkMask(mask: SourceImage, image: SourceImage): void {
  if (mask.kind === 'link') return;
  checkFormat(mask, false);
  checkBytes(mask);
  checkWhole(mask);
  const problem = maskSizeProblem(mask, image);
  if (problem !== undefined) throw refused(mask, problem);
}

const MAX_REFERENCES = 10;
const MAX_REFERENCE_BYTES = 10 * 1_024 * 1_024;
const MAX_REFERENCES_BYTES = 64 * 1_024 * 1_024;

/**
 * Checks the pictures a style is taken from: 1 to 10, below 10 MB each and 64 MB together (recraft-api.md §4.1).
 *
 * @throws GatewayError naming the picture's own field
 */
export function checkStyleSources(pictures: readonly SourceImage[]): void {
  const tooMany = pictures[MAX_REFERENCES];
  if (tooMany !== undefined) {
    const message = `A style is taken from at most ${MAX_REFERENCES} pictures; ${pictures.length} were sent.`;
    throw new GatewayError('invalidValue', message, { param: tooMany.param });
  }
  let together = 0;
  for (const picture of pictures) {
    if (picture.kind === 'link') continue;
    checkFormat(picture, false);
    checkSides(picture, MIN_SIDE);
    checkUpright(picture);
    checkWhole(picture);
    together += picture.bytes;
    if (picture.bytes <= MAX_REFERENCE_BYTES && together <= MAX_REFERENCES_BYTES) continue;
    const message = 'Pictures for a style have at most 10 MiB each, and 64 MiB together.';
    throw new GatewayError('tooLarge', message, { param: picture.param });
  }
}

/** @throws GatewayError as checkStyleSources does */
export function checkReferences(request: ImageRequest): void {
  if (request.operation === 'generate' && request.styleReferences) checkStyleSources(request.styleReferences);
}

function checkFormat({ format, param }: UploadedImage, takesSvg: boolean): void {
  if (FORMATS.has(format) && (takesSvg || format !== 'svg')) return;
  const found =
    format === undefined
      ? 'This file is no picture that is known here.'
      : `This one is ${format === 'tiff' ? 'TIFF' : format}.`;
  const allowed = takesSvg ? 'PNG, JPEG, WebP or SVG' : 'PNG, JPEG or WebP';
  throw new GatewayError('unknownPictureKind', `The picture must be ${allowed}. ${found}`, { param });
}

/** What Recraft makes of a turn by EXIF is documented nowhere: the answer could lie on its side, and is paid all the same. */
function checkUpright(image: UploadedImage): void {
  if (image.orientation === undefined) return;
  const message =
    `The picture is turned by its EXIF (orientation ${image.orientation}). Store its pixels upright, with the orientation 1 or none; ` +
    'or have the operator set NORMALISE_IMAGES, which turns it.';
  throw refused(image, message);
}

function checkWhole(image: UploadedImage): void {
  if (image.isCutShort === true) throw refused(image, 'The picture cannot be read: its file ends in the middle.');
}

function checkBytes({ bytes, param }: UploadedImage): void {
  if (bytes <= MAX_BYTES) return;
  throw new GatewayError('tooLarge', `The picture must be at most ${MAX_MEBIBYTES} MiB; this one has ${bytes} bytes.`, {
    param,
  });
}

function checkSides(image: UploadedImage, minSide: number): void {
  const { width, height, format } = image;
  if (width === undefined || height === undefined) {
    // A drawing needs no size of its own.
    if (format === 'svg') return;
    throw refused(image, 'The picture cannot be read.');
  }
  const is = `; this one is ${sizeToTell(image, { width, height })}.`;
  if (Math.max(width, height) > MAX_SIDE) {
    throw refused(image, `The picture's longer side must be at most ${MAX_SIDE} pixels${is}`);
  }
  if (width * height > MAX_PIXELS) {
    throw refused(image, `The picture must have at most ${MAX_MEGAPIXELS} megapixels${is}`);
  }
  // Recraft scales a small drawing up.
  if (format !== 'svg' && Math.min(width, height) < minSide) {
    throw refused(image, `The picture's shorter side must be at least ${minSide} pixels${is}`);
  }
}

/** The caller knows its own picture, and not what was made of it. */
function sizeToTell({ madeFrom }: UploadedImage, { width, height }: { width: number; height: number }): string {
  const size = `${width}x${height}`;
  return madeFrom ? `${madeFrom.width}x${madeFrom.height}, and made to fit it would be ${size}` : size;
}

function refused({ param }: UploadedImage, message: string): GatewayError {
  return new GatewayError('invalidImage', message, { param });
}
