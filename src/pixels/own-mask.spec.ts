import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import type { UploadedImage } from '../images/image-request.js';
import { pictureInMemory } from '../uploads/spool.js';
import { bytesOf } from './bytes-of.js';
import { checkedMask } from './own-mask.js';

const WIDTH = 40;
const HEIGHT = 20;

interface Shape {
  readonly channels: 1 | 3 | 4;
  readonly left: readonly number[];
  readonly right: readonly number[];
}

/** A mask of two halves. */
async function halves({ channels, left, right }: Shape, format: 'png' | 'webp' = 'png'): Promise<UploadedImage> {
  const data = Buffer.alloc(WIDTH * HEIGHT * channels);
  for (let at = 0; at < WIDTH * HEIGHT; at += 1) data.set(at % WIDTH < WIDTH / 2 ? left : right, at * channels);
  const picture = sharp(data, { raw: { width: WIDTH, height: HEIGHT, channels } });
  const grey = channels === 1 ? picture.toColourspace('b-w') : picture;
  return pictureInMemory('mask', await grey.toFormat(format, { lossless: true }).toBuffer());
}

const checked = async (mask: UploadedImage) => checkedMask(mask, await halves(RGB));

const GREY: Shape = { channels: 1, left: [255], right: [0] };
const RGB: Shape = { channels: 3, left: [255, 255, 255], right: [0, 0, 0] };
const OPAQUE: Shape = { channels: 4, left: [255, 255, 255, 255], right: [0, 0, 0, 255] };

describe("A mask in Recraft's own words", () => {
  it.each([
    ['greyscale', GREY, 'png'],
    ['RGB', RGB, 'png'],
    ['RGB as WebP', RGB, 'webp'],
  ] as const)('goes on as it came: %s', async (_what, shape, format) => {
    const mask = await halves(shape, format);
    expect(await checked(mask)).toBe(mask);
  });

  it('loses an alpha channel that hides nothing', async () => {
    const made = (await checked(await halves(OPAQUE))) as UploadedImage;
    const picture = sharp(await bytesOf(made));
    expect(await picture.metadata()).toMatchObject({ format: 'png', channels: 1, width: WIDTH, height: HEIGHT });
    const pixels = await picture.extractChannel(0).raw().toBuffer();
    expect([pixels[0], pixels[WIDTH - 1]]).toEqual([255, 0]);
    expect(made.param).toBe('mask');
  });

  it.each<[string, Shape, string]>([
    ['is white with a transparent part', { ...OPAQUE, right: [255, 255, 255, 0] }, 'transparent'],
    ['is nearly opaque', { ...OPAQUE, right: [0, 0, 0, 254] }, 'transparent'],
    ['has grey in it', { ...GREY, right: [128] }, 'one of 128'],
    ['has colours', { ...RGB, left: [255, 0, 0] }, 'neither black nor white'],
    ['has colours and alpha', { ...OPAQUE, left: [255, 0, 0, 255] }, 'colours'],
    ['is all black', { ...RGB, left: [0, 0, 0] }, 'all black'],
    ['is all black and opaque', { ...OPAQUE, left: [0, 0, 0, 255] }, 'all black'],
  ])('is refused by name where it %s', async (_what, shape, text) => {
    await expect(checked(await halves(shape))).rejects.toMatchObject({
      fault: 'invalidImage',
      param: 'mask',
      message: expect.stringContaining(text),
    });
  });

  it('that cannot be read is refused by name', async () => {
    const bytes = (await bytesOf(await halves(RGB, 'webp'))).subarray(0, 40);
    await expect(checked(pictureInMemory('mask', bytes))).rejects.toMatchObject({
      fault: 'invalidImage',
      param: 'mask',
    });
  });

  it.each<[string, () => UploadedImage]>([
    ['a drawing', () => pictureInMemory('mask', Buffer.from('<svg width="40" height="20"/>'))],
    ['no picture', () => pictureInMemory('mask', Buffer.from('nothing'))],
  ])('is left to the other checks where it is %s', async (_what, make) => {
    const mask = make();
    expect(await checked(mask)).toBe(mask);
  });

  it('of another size, or a link, is left to the other checks', async () => {
    const mask = await halves(GREY);
    expect(await checkedMask(mask, { ...mask, width: 41, open: mask.open.bind(mask) })).toBe(mask);
    const link = { kind: 'link', param: 'mask_url', url: 'https://x/m.png' } as const;
    expect(await checkedMask(link, mask)).toBe(link);
  });
});
