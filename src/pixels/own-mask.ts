import type { OutputInfo } from 'sharp';
import { GatewayError } from '../errors/gateway-error.js';
import { maskSizeProblem, type SourceImage, type UploadedImage } from '../images/image-request.js';
import { pictureInMemory } from '../uploads/spool.js';
import { bytesOf } from './bytes-of.js';
import { openPicture } from './open-picture.js';
import { loadSharp } from './sharp.js';
import { inTurn } from './turns.js';

const WHITE = 255;
const OPAQUE = 255;
/** What Recraft takes at most (recraft-api.md §4.1). */
const MAX_PIXELS = 16_000_000;
const READABLE: ReadonlySet<UploadedImage['format']> = new Set(['png', 'jpeg', 'webp']);

/**
 * Checks the pixels of a mask in Recraft's own words: greyscale, 0 and 255 alone, white is what changes (recraft-api.md
 * §4.1). An alpha channel that hides nothing is removed; one that does could mean either, for at OpenAI what is
 * transparent changes. Links, and files that are refused unread, stay as they are.
 *
 * @throws GatewayError invalidImage naming the mask's own field
 */
export async function checkedMask(mask: SourceImage, image: SourceImage): Promise<SourceImage> {
  if (mask.kind === 'link' || !READABLE.has(mask.format) || mask.isCutShort === true) return mask;
  // Its size is refused later, with that of the picture; to decode it would be a waste.
  if (maskSizeProblem(mask, image) !== undefined || (mask.width ?? 0) * (mask.height ?? 0) > MAX_PIXELS) return mask;
  return inTurn(async () => {
    const { grey, hasAlpha, width, height } = await decoded(mask);
    if (!grey.includes(WHITE)) {
      throw refused(mask, 'The mask is all black, so that nothing would change: make white what may change.');
    }
    if (!hasAlpha) return mask;
    const sharp = await loadSharp();
    const png = sharp(grey, { raw: { width, height, channels: 1 } })
      .toColourspace('b-w')
      .png({ compressionLevel: 3 });
    return pictureInMemory(mask.param, await png.toBuffer());
  });
}

interface Grey {
  /** A byte for each pixel, black or white. */
  readonly grey: Buffer;
  readonly hasAlpha: boolean;
  readonly width: number;
  readonly height: number;
}

async function decoded(mask: UploadedImage): Promise<Grey> {
  const { data, info } = await pixelsOf(mask);
  const { width, height } = info;
  const grey = info.channels === 1 ? data : greyOf(data, mask);
  const other = grey.find((shade) => shade !== 0 && shade !== WHITE);
  if (other !== undefined) {
    throw refused(mask, `The mask has pixels that are neither black nor white, one of ${other}. ${RULE}`);
  }
  return { grey, hasAlpha: info.channels !== 1, width, height };
}

/** One channel without alpha, else four: the library drops the alpha of what becomes grey. */
async function pixelsOf(mask: UploadedImage): Promise<{ data: Buffer; info: OutputInfo }> {
  const bytes = await bytesOf(mask);
  try {
    const { header, decode } = await openPicture(bytes, MAX_PIXELS);
    const picture = decode();
    const shades = header.hasAlpha
      ? picture.toColourspace('srgb').ensureAlpha()
      : picture.toColourspace('b-w').removeAlpha();
    return await shades.raw().toBuffer({ resolveWithObject: true });
  } catch (cause) {
    throw new GatewayError('invalidImage', 'The mask cannot be read.', { param: mask.param, cause });
  }
}

/** The red of each pixel. @throws GatewayError where one is not opaque or not grey */
function greyOf(data: Buffer, mask: UploadedImage): Buffer {
  const grey = Buffer.alloc(data.length / 4);
  for (let at = 0; at < grey.length; at++) {
    const red = data[at * 4];
    if (data[at * 4 + 3] !== OPAQUE)
      throw refused(mask, `The mask has transparent parts, which say nothing to Recraft. ${RULE}`);
    if (data[at * 4 + 1] !== red || data[at * 4 + 2] !== red) throw refused(mask, `The mask has colours. ${RULE}`);
    grey[at] = red ?? 0;
  }
  return grey;
}

const RULE = 'Send greyscale or RGB with 0 and 255 alone, best as PNG: white is what may change.';

function refused({ param }: UploadedImage, message: string): GatewayError {
  return new GatewayError('invalidImage', message, { param });
}
