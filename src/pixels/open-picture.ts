import type { Metadata, Sharp } from 'sharp';
import { hasMoreFrames } from './gif-frames.js';
import { loadSharp } from './sharp.js';

/** More than any animation has that somebody wants changed; only the first frame is ever decoded. */
const MAX_FRAMES = 1_000;

/** No caller allows more; here so that none can forget to ask. */
const MAX_PIXELS = 100_000_000;

/**
 * How the files begin that are decoded: PNG, JPEG, WebP, GIF, TIFF, AVIF and HEIC. The picture library would also render
 * drawings (SVG, plain or compressed) with the references in them. No stranger's drawing ever is: it goes to Recraft as
 * it came, or is refused.
 */
const RASTER = /^(?:\x89PNG\r\n[^]\n|\xff\xd8\xff|RIFF[^]{4}WEBP|GIF8[79]a|II\*\0|MM\0\*|[^]{4}ftyp)/;
const MAGIC_BYTES = 12;
const GIF = 'G'.charCodeAt(0);

/** A picture of which only the header was read. */
export interface OpenedPicture {
  readonly header: Metadata;
  /** Decodes its first frame; the caller has looked at its size in the header before. */
  readonly decode: () => Sharp;
}

/**
 * Opens bytes that a stranger sent, whatever they claim to be, without decoding them.
 *
 * @param maxPixels beyond which the decoding fails, for those who have not looked at the header
 * @throws UndecodableError where they are no raster picture or have too many frames; what the picture library throws
 */
export async function openPicture(bytes: Uint8Array, maxPixels = MAX_PIXELS): Promise<OpenedPicture> {
  if (!isRaster(bytes)) throw new UndecodableError('The bytes are no raster picture.');
  if (bytes[0] === GIF && hasMoreFrames(bytes, MAX_FRAMES)) throw tooManyFrames();
  const sharp = await loadSharp();
  // Without a limit here: a picture that is too large is refused with its size.
  const header = await sharp(bytes, { limitInputPixels: false }).metadata();
  if ((header.pages ?? 1) > MAX_FRAMES) throw tooManyFrames();
  return { header, decode: () => sharp(bytes, { limitInputPixels: maxPixels }) };
}

/** Why bytes are not decoded; the cause of what a caller is told. */
export class UndecodableError extends Error {
  override readonly name = 'UndecodableError';
}

function tooManyFrames(): UndecodableError {
  return new UndecodableError(`The picture has more than ${MAX_FRAMES} frames.`);
}

function isRaster({ buffer, byteOffset, length }: Uint8Array): boolean {
  const head = Buffer.from(buffer, byteOffset, Math.min(length, MAGIC_BYTES));
  return RASTER.test(head.toString('latin1'));
}
