import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import type { UploadedImage } from '../images/image-request.js';
import { pictureInMemory } from '../uploads/spool.js';
import { bytesOf } from './bytes-of.js';
import { toRecraftMask } from './mask.js';

const WIDTH = 40;
const HEIGHT = 20;

/** The left half has the alpha. */
async function halfTransparent(alpha: number, width = WIDTH): Promise<UploadedImage> {
  const data = Buffer.alloc(width * HEIGHT * 4, 255);
  for (let y = 0; y < HEIGHT; y += 1) for (let x = 0; x < width / 2; x += 1) data[(y * width + x) * 4 + 3] = alpha;
  return pictureInMemory(
    'mask',
    await sharp(data, { raw: { width, height: HEIGHT, channels: 4 } })
      .png()
      .toBuffer(),
  );
}

async function plain(background: string, format: 'png' | 'jpeg' = 'png'): Promise<UploadedImage> {
  const picture = sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background } });
  return pictureInMemory('mask', await picture.toFormat(format).toBuffer());
}

async function greyOf(mask: UploadedImage): Promise<number[]> {
  const picture = sharp(await bytesOf(mask));
  expect(await picture.metadata()).toMatchObject({ width: WIDTH, height: HEIGHT, channels: 1 });
  return [...(await picture.extractChannel(0).raw().toBuffer())];
}

describe("OpenAI's mask", () => {
  it.each([
    [0, 255],
    [127, 255],
    [128, 0],
  ])('with alpha %i becomes %i in grey, and opaque becomes 0', async (alpha, grey) => {
    const mask = await halfTransparent(alpha);
    const image = await plain('#123456');
    const result = toRecraftMask(mask, image);
    const expected = Array.from({ length: WIDTH * HEIGHT }, (_, at) => (at % WIDTH < WIDTH / 2 ? grey : 0));
    const outcome = grey === 0 ? 'nothing to edit' : expected;
    expect(
      await result.then(greyOf, (error: unknown) =>
        String(error).includes('nothing to edit') ? 'nothing to edit' : error,
      ),
    ).toEqual(outcome);
  });

  it('keeps its field, for what is said about it later', async () => {
    expect(await toRecraftMask(await halfTransparent(0), await plain('#000'))).toMatchObject({
      param: 'mask',
      format: 'png',
    });
  });

  it('of pure black and white is taken as it is', async () => {
    expect(new Set(await greyOf(await toRecraftMask(await plain('#fff'), await plain('#000'))))).toEqual(
      new Set([255]),
    );
  });

  it.each([
    ['is opaque and coloured', () => plain('#336699'), 'no transparency'],
    ['is black alone', () => plain('#000'), 'nothing to edit'],
    ['has another size', () => halfTransparent(0, 44), '44x20, and not 40x20'],
    [
      'is a drawing',
      () => Promise.resolve(pictureInMemory('mask', Buffer.from('<svg width="40" height="20"/>'))),
      'must be a PNG',
    ],
    ['is no picture', () => Promise.resolve(pictureInMemory('mask', Buffer.from('nothing'))), 'must be a PNG'],
  ])('is refused by name where it %s', async (_what, make, text) => {
    await expect(toRecraftMask(await make(), await plain('#000'))).rejects.toMatchObject({
      fault: 'invalidImage',
      param: 'mask',
      message: expect.stringContaining(text),
    });
  });

  it('that breaks off is refused by name', async () => {
    const whole = await bytesOf(await halfTransparent(0));
    const broken = pictureInMemory('mask', whole.subarray(0, 60));
    await expect(toRecraftMask(broken, await plain('#000'))).rejects.toMatchObject({
      fault: 'invalidImage',
      param: 'mask',
    });
  });
});
