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
    const million = manyFrames(1_000_000);
    const counted = (limit: number): number => {
      const startedAt = performance.now();
      expect(hasMoreFrames(million, limit)).toBe(limit < 1_000_000);
      return performance.now() - startedAt;
    };
    const fewest = (limit: number): number => Math.min(...Array.from({ length: 5 }, () => counted(limit)));
    expect(fewest(1_000)).toBeLessThan(fewest(1_000_000) / 10);
  });

  it('end where the file does', () => {
    const gif = manyFrames(3);
    for (let length = 0; length < gif.length; length++) expect(hasMoreFrames(gif.subarray(0, length), 3)).toBe(false);
  });
});
