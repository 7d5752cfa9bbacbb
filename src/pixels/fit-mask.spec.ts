import { describe, expect, it, jest } from '@jest/globals';
import sharp, { type Sharp } from 'sharp';
import type { SourceImage, UploadedImage } from '../images/image-request.js';
import { pictureInMemory } from '../uploads/spool.js';
import { bytesOf } from './bytes-of.js';
import { fitMask } from './fit-mask.js';
import { fitPicture } from './normalise.js';

// Large pictures take a slow machine its time.
jest.setTimeout(30_000);

const ORIENTATIONS = [1, 2, 3, 4, 5, 6, 7, 8];

/** White where these hold, like no turn of itself. */
const isWhite = (x: number, y: number): boolean => x < 0.25 || (y < 0.3 && x < 0.6);

function pattern(width: number, height: number): Sharp {
  const data = Buffer.alloc(width * height);
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) if (isWhite(x / width, y / height)) data[y * width + x] = 255;
  return sharp(data, { raw: { width, height, channels: 1 } });
}

const uploaded = async (param: string, file: Sharp): Promise<UploadedImage> =>
  pictureInMemory(param, await file.toBuffer());

async function pixelsOf(image: SourceImage) {
  if (image.kind === 'link') throw new Error('A link has no pixels.');
  return sharp(await bytesOf(image))
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
}

/** The part of pixels in which a mask and the picture it was made from say different things. */
async function difference(mask: SourceImage, image: SourceImage): Promise<number> {
  const [over, below] = [await pixelsOf(mask), await pixelsOf(image)];
  expect(over.info).toMatchObject({ width: below.info.width, height: below.info.height });
  const differing = over.data.filter((value, at) => value > 127 !== (below.data[at] ?? 0) > 127);
  return differing.length / over.data.length;
}

/** A picture and a mask that show the same, both made to fit. */
async function fitBoth(picture: Sharp, mask: Sharp): Promise<{ image: SourceImage; mask: SourceImage }> {
  const { image, change } = await fitPicture(await uploaded('image', picture));
  if (!change) throw new Error('The picture fits already.');
  return { image, mask: await fitMask(await uploaded('mask', mask), change) };
}

describe('A mask over a picture that was made to fit', () => {
  it.each(ORIENTATIONS.slice(1))('is turned as the picture is: %i', async (orientation) => {
    const picture = pattern(320, 280).jpeg({ quality: 100 }).withMetadata({ orientation });
    const { image, mask } = await fitBoth(picture, pattern(320, 280).toColourspace('b-w').png());
    expect(await difference(mask, image)).toBe(0);
  });

  it.each(ORIENTATIONS)('is scaled and turned as the picture is, and stays black and white: %i', async (orientation) => {
    const picture = pattern(5_000, 600).jpeg({ quality: 100 }).withMetadata({ orientation });
    const { image, mask } = await fitBoth(picture, pattern(5_000, 600).toColourspace('b-w').png());
    expect(await difference(mask, image)).toBeLessThan(0.002);
    const { data } = await pixelsOf(mask);
    expect(new Set(data)).toEqual(new Set([0, 255]));
    expect(await sharp(await bytesOf(mask as UploadedImage)).metadata()).toMatchObject({ channels: 1 });
  }); // prettier-ignore

  it('may be upright already', async () => {
    const picture = pattern(320, 280).jpeg().withMetadata({ orientation: 6 });
    const upright = pattern(320, 280).rotate(90);
    const { image, mask } = await fitBoth(picture, upright.png());
    expect(await difference(mask, image)).toBe(0);
  });

  it('may have a turn of its own', async () => {
    const picture = pattern(320, 280).jpeg().withMetadata({ orientation: 6 });
    const lying = pattern(320, 280).jpeg({ quality: 100 }).withMetadata({ orientation: 6 });
    const { image, mask } = await fitBoth(picture, lying);
    expect(await difference(mask, image)).toBe(0);
  });

  it('keeps its transparency', async () => {
    const alpha = await pattern(5_000, 600).extractChannel(0).raw().toBuffer();
    const clear = sharp({ create: { width: 5_000, height: 600, channels: 3, background: '#fff' } }).joinChannel(alpha, {
      raw: { width: 5_000, height: 600, channels: 1 },
    });
    const { image, mask } = await fitBoth(pattern(5_000, 600).png(), clear.png());
    const { data } = await sharp(await bytesOf(mask as UploadedImage)).extractChannel(3).raw().toBuffer({ resolveWithObject: true }); // prettier-ignore
    expect(new Set(data)).toEqual(new Set([0, 255]));
    const asGrey = sharp(data, { raw: { width: 4_096, height: 491, channels: 1 } }).png();
    expect(await difference(await uploaded('mask', asGrey), image)).toBeLessThan(0.002);
  });

  const change = { orientation: 6, from: { width: 5_000, height: 600 }, to: { width: 491, height: 4_096 } };

  it('is refused with both sizes where it never fitted', async () => {
    const mask = await uploaded('mask', pattern(300, 280).png());
    await expect(fitMask(mask, change)).rejects.toMatchObject({
      fault: 'invalidImage',
      param: 'mask',
      message: expect.stringContaining('300x280, and not 5000x600'),
    });
  });

  it('is refused where it is a link, which nobody here fetches', async () => {
    const link = { kind: 'link', param: 'mask_url', url: 'https://x/y.png' } as const;
    await expect(fitMask(link, change)).rejects.toMatchObject({ fault: 'unsupportedValue', param: 'mask_url' });
  });

  it('is refused where it breaks off, and left to the checks where it is no mask at all', async () => {
    const whole = await bytesOf(await uploaded('mask', pattern(5_000, 600).png()));
    const broken = pictureInMemory('mask', whole.subarray(0, 60));
    await expect(fitMask(broken, change)).rejects.toMatchObject({ fault: 'invalidImage', param: 'mask' });
    const drawing = pictureInMemory('mask', Buffer.from('<svg width="9" height="9"/>'));
    expect(await fitMask(drawing, change)).toBe(drawing);
  });
});
