import { GatewayError } from '../../errors/gateway-error.js';
import type { SourceImage, UploadedImage } from '../../images/image-request.js';

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
export function checkSource(image: SourceImage): void {
  if (image.kind === 'link') return;
  checkFormat(image);
  checkBytes(image);
  checkSides(image);
}

function checkFormat({ format, param }: UploadedImage): void {
  if (FORMATS.has(format)) return;
  const found = format === undefined ? 'This file is no picture that is known here.' : `This one is ${format}.`;
  throw new GatewayError('invalidImage', `The picture must be PNG, JPEG, WebP or SVG. ${found}`, {
    param,
    code: 'unsupported_file_mimetype',
  });
}

function checkBytes({ bytes, param }: UploadedImage): void {
  if (bytes <= MAX_BYTES) return;
  throw new GatewayError('tooLarge', `The picture must be at most ${MAX_MEBIBYTES} MiB; this one has ${bytes} bytes.`, {
    param,
  });
}

function checkSides(image: UploadedImage): void {
  const { width, height, format } = image;
  if (width === undefined || height === undefined) {
    // A drawing needs no size of its own.
    if (format === 'svg') return;
    throw refused(image, 'The picture cannot be read.');
  }
  const is = `; this one is ${width}x${height}.`;
  if (Math.max(width, height) > MAX_SIDE) {
    throw refused(image, `The picture's longer side must be at most ${MAX_SIDE} pixels${is}`);
  }
  if (width * height > MAX_PIXELS) {
    throw refused(image, `The picture must have at most ${MAX_MEGAPIXELS} megapixels${is}`);
  }
  // Recraft scales a small drawing up.
  if (format !== 'svg' && Math.min(width, height) < MIN_SIDE) {
    throw refused(image, `The picture's shorter side must be at least ${MIN_SIDE} pixels${is}`);
  }
}

function refused({ param }: UploadedImage, message: string): GatewayError {
  return new GatewayError('invalidImage', message, { param });
}
