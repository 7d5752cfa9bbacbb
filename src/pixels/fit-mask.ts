import type { Sharp } from 'sharp';
import { GatewayError } from '../errors/gateway-error.js';
import type { SourceImage, UploadedImage } from '../images/image-request.js';
import { pictureInMemory } from '../uploads/spool.js';
import { bytesOf } from './bytes-of.js';
import type { PixelChange } from './normalise.js';
import { openPicture } from './open-picture.js';
import { loadSharp } from './sharp.js';
import { inTurn } from './turns.js';

/** Fast, for a step between two others. */
const UNCOMPRESSED = { compressionLevel: 0 };

/**
 * Turns and scales a mask as the picture below it was, so that it still covers the same. Each pixel is one of the mask's
 * own: nothing is blended, and what was black and white alone stays so. A mask may have the size of the picture as it is
 * stored, or as it is shown upright. What is no PNG, JPEG or WebP stays as it is, for the checks to refuse.
 *
 * @throws GatewayError naming the mask's own field, where it cannot follow
 */
export async function fitMask(mask: SourceImage, change: PixelChange): Promise<SourceImage> {
  const { width, height } = change.to;
  if (mask.kind === 'link') {
    const message = `The picture was made to fit, as ${width}x${height}: send its mask as a file or data URL, so that it can follow.`;
    throw new GatewayError('unsupportedValue', message, { param: mask.param });
  }
  if (mask.format !== 'png' && mask.format !== 'jpeg' && mask.format !== 'webp') return mask;
  return inTurn(() => moved(mask, change));
}

async function moved(mask: UploadedImage, change: PixelChange): Promise<UploadedImage> {
  const [sharp, bytes] = await Promise.all([loadSharp(), bytesOf(mask)]);
  try {
    const { header, decode } = await openPicture(bytes);
    const { channels, width, height, orientation: own = 1 } = header;
    const turn = turnOf(mask, { width, height }, own, change);
    const asBefore = (picture: Sharp): Sharp => (channels === 1 ? picture.toColourspace('b-w') : picture);
    // Decoded first, as a JPEG would be blended where it is scaled while it is read.
    const whole = asBefore(decode()).withMetadata({ orientation: turn }).png(UNCOMPRESSED);
    const scaled = sharp(await whole.toBuffer())
      .autoOrient()
      .resize({ ...change.to, fit: 'fill', kernel: 'nearest' });
    return pictureInMemory(mask.param, await asBefore(scaled).png().toBuffer());
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('invalidImage', 'The mask cannot be read.', { param: mask.param, cause });
  }
}

type Size = PixelChange['from'];

/** EXIF's number of the turn that makes the mask upright: its own where it has one, else the picture's where it lies as that. */
function turnOf(mask: UploadedImage, size: Size, own: number, { orientation, from }: PixelChange): number {
  const upright = orientation > 4 ? { width: from.height, height: from.width } : from;
  if (own !== 1) {
    const turned = own > 4 ? { width: size.height, height: size.width } : size;
    if (isSame(turned, upright)) return own;
  } else if (isSame(size, from)) {
    return orientation;
  } else if (isSame(size, upright)) {
    return 1;
  }
  const stored = `${from.width}x${from.height}`;
  const shown = isSame(upright, from) ? '' : ` or, as the picture is shown, ${upright.width}x${upright.height}`;
  const sizes = `${size.width}x${size.height}, and not ${stored}${shown}`;
  throw new GatewayError('invalidImage', `The mask must have the picture's size; it has ${sizes}.`, {
    param: mask.param,
  });
}

function isSame(one: Size, other: Size): boolean {
  return one.width === other.width && one.height === other.height;
}
