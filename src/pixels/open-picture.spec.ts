import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { gzipSync } from 'node:zlib';
import { aPngHeader, manyFrames } from '../../test/support/hostile-pictures.js';
import { openPicture, UndecodableError } from './open-picture.js';

const DRAWING =
  '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="http://127.0.0.1:9/x"/></svg>';

const aRaster = (format: 'png' | 'jpeg' | 'webp' | 'gif' | 'tiff' | 'avif'): Promise<Buffer> =>
  sharp({ create: { width: 8, height: 4, channels: 3, background: '#3a7' } })
    .toFormat(format)
    .toBuffer();

describe('A picture to be decoded', () => {
  it.each(['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)('may be %s', async (format) => {
    const { header, decode } = await openPicture(await aRaster(format));
    expect(header).toMatchObject({ width: 8, height: 4 });
    expect((await decode().removeAlpha().raw().toBuffer()).length).toBe(8 * 4 * 3);
  });

  // What sharp 0.35 itself would render, and what merely looks as if it might.
  it.each([
    ['a drawing', Buffer.from(DRAWING)],
    [
      'a drawing behind a declaration',
      Buffer.from(`<?xml version="1.0"?>\n<!DOCTYPE svg [<!ENTITY a "b">]>${DRAWING}`),
    ],
    ['a compressed drawing', gzipSync(DRAWING)],
    ['a drawing behind words', Buffer.from(`GIF89 ${DRAWING}`)],
    ['nothing', Buffer.alloc(0)],
    ['words', Buffer.from('hello')],
  ])('is never %s', async (_, bytes) => {
    await expect(openPicture(bytes)).rejects.toThrow(UndecodableError);
  });

  it('has 1,000 frames at most', async () => {
    expect((await openPicture(manyFrames(1_000))).header.pages).toBe(1_000);
    await expect(openPicture(manyFrames(1_001))).rejects.toThrow('more than 1000 frames');
  });

  it('tells its size without being decoded, and is not decoded beyond 100 megapixels', async () => {
    const { header, decode } = await openPicture(aPngHeader(30_000, 30_000));
    expect(header).toMatchObject({ width: 30_000, height: 30_000 });
    await expect(decode().raw().toBuffer()).rejects.toThrow('pixel limit');
  });
});
