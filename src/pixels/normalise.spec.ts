import { describe, expect, it, jest } from '@jest/globals';
import sharp, { type Sharp } from 'sharp';
import type { UploadedImage } from '../images/image-request.js';
import { HEIC } from '../../test/support/heic.js';
import { pictureInMemory } from '../uploads/spool.js';
import { bytesOf } from './bytes-of.js';
import { normalise } from './normalise.js';

// Large pictures take a slow machine its time.
jest.setTimeout(30_000);

const plain = (width: number, height: number, channels: 3 | 4 = 3) =>
  sharp({
    create: { width, height, channels, background: channels === 3 ? '#336699' : { r: 9, g: 9, b: 9, alpha: 0.5 } },
  });

const uploaded = async (file: Sharp): Promise<UploadedImage> => pictureInMemory('image', await file.toBuffer());

async function kindOf(image: Awaited<ReturnType<typeof normalise>>): Promise<string> {
  if (image.kind === 'link') throw new Error('A link has no bytes.');
  const { format, width, height } = await sharp(await bytesOf(image)).metadata();
  expect(image).toMatchObject({ format, width, height, param: 'image' });
  return `${format} ${width}x${height}`;
}

describe('A picture that Recraft refuses for its container or size', () => {
  it.each([
    ['GIF', () => plain(300, 260, 4).gif(), 'png 300x260'],
    ['AVIF', () => plain(300, 260).avif(), 'jpeg 300x260'],
    ['TIFF', () => plain(300, 260).tiff(), 'jpeg 300x260'],
    ['JPEG on its side', () => plain(300, 260).jpeg().withMetadata({ orientation: 6 }), 'jpeg 260x300'],
    ['PNG with a long side', () => plain(5_000, 500).png(), 'jpeg 4096x409'],
    ['WebP of 16.8 megapixels', () => plain(4_096, 4_096).webp({ effort: 0 }), 'jpeg 4000x4000'],
  ])('is made to fit: %s', async (_what, make, kind) => {
    expect(await kindOf(await normalise(await uploaded(make())))).toBe(kind);
  });

  it('stays the very same where it fits', async () => {
    const image = await uploaded(plain(300, 300).png());
    expect(await normalise(image)).toBe(image);
    const drawing = pictureInMemory('image', Buffer.from('<svg width="9" height="9"/>'));
    expect(await normalise(drawing)).toBe(drawing);
    const link = { kind: 'link', param: 'image', url: 'https://x/y.gif' } as const;
    expect(await normalise(link)).toBe(link);
  });

  it('is refused with its size where it is far too large', async () => {
    const huge = pictureInMemory('image', await plain(12_000, 9_000).png({ compressionLevel: 9 }).toBuffer());
    await expect(normalise(huge)).rejects.toMatchObject({
      fault: 'invalidImage',
      param: 'image',
      message: expect.stringContaining('at most 100 megapixels to be made to fit; this one is 12000x9000'),
    });
  });

  it('is a JPEG, or the reason, where it is HEIC: a library with an HEVC decoder reads it', async () => {
    const isRead = await sharp(HEIC).png().toBuffer().then(() => true, () => false); // prettier-ignore
    const outcome: unknown = await normalise(pictureInMemory('image', HEIC)).catch((error: unknown) => error);
    const refusal = {
      ...{ fault: 'unknownPictureKind', param: 'image', code: 'unsupported_file_mimetype' },
      message: expect.stringContaining('HEIC') as unknown,
    };
    expect(outcome).toMatchObject(isRead ? { format: 'jpeg', width: 300, height: 260 } : refusal);
  });

  it('is refused by name where it cannot be read', async () => {
    const broken = pictureInMemory('image', Buffer.from('no picture at all'));
    await expect(normalise(broken)).rejects.toMatchObject({ fault: 'invalidImage', param: 'image' });
  });
});
