import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { manyFrames } from '../../test/support/hostile-pictures.js';
import { hasMoreFrames } from './gif-frames.js';

/** As a real encoder writes it: colour tables, extensions, sub-blocks. */
async function animation(frames: number): Promise<Buffer> {
  const [width, height] = [40, 30];
  const raw = Buffer.from(Array.from({ length: width * height * 3 * frames }, (_, index) => (index * 7919) % 251));
  const pages = { width, height: height * frames, channels: 3, pageHeight: height } as const;
  return sharp(raw, { raw: pages })
    .gif({ delay: Array.from({ length: frames }, () => 50) })
    .toBuffer();
}

describe('The frames of a GIF', () => {
  it.each([1, 2, 7])('are counted as the picture library does: %i', async (frames) => {
    const gif = await animation(frames);
    expect((await sharp(gif).metadata()).pages ?? 1).toBe(frames);
    expect([hasMoreFrames(gif, frames), hasMoreFrames(gif, frames - 1)]).toEqual([false, true]);
  });

  it('are counted no further than asked', () => {
    const two = manyFrames(2);
    let furthest = 0;
    const watched = new Proxy(manyFrames(2_000), {
      get: (gif, name) => {
        furthest = Math.max(furthest, Number(name) || 0);
        return Reflect.get(gif, name, gif) as unknown;
      },
    });
    expect(hasMoreFrames(watched, 1)).toBe(true);
    expect(furthest).toBeGreaterThan(0);
    expect(furthest).toBeLessThan(two.length);
  });

  it('end where the file does', () => {
    const gif = manyFrames(3);
    for (let length = 0; length < gif.length; length++) expect(hasMoreFrames(gif.subarray(0, length), 3)).toBe(false);
  });
});
