import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { PngEnd } from './png-end.js';

const picture = sharp({ create: { width: 300, height: 200, channels: 3, background: '#a33', noise: { type: 'gaussian', mean: 128, sigma: 30 } } }); // prettier-ignore

function isMissingIn(bytes: Uint8Array, step = bytes.length): boolean {
  const end = new PngEnd();
  for (let at = 0; at < bytes.length; at += step) end.push(bytes.subarray(at, at + step));
  return end.isMissing;
}

describe('The end of a PNG', () => {
  it.each([1, 7, 8, 4096, Infinity])(
    'is found in pieces of %d bytes, and missed in a file that is cut short',
    async (step) => {
      const whole = await picture.clone().png().toBuffer();
      expect(isMissingIn(whole, step)).toBe(false);
      for (const cut of [9, 40, whole.length >> 1, whole.length - 12]) {
        expect(isMissingIn(whole.subarray(0, cut), step)).toBe(true);
      }
    },
  );

  it('may have anything behind it', async () => {
    expect(isMissingIn(Buffer.concat([await picture.clone().png().toBuffer(), Buffer.alloc(1000, 1)]))).toBe(false);
  });

  it('is missed in no other file', async () => {
    const jpeg = await picture.clone().jpeg().toBuffer();
    for (const bytes of [jpeg, jpeg.subarray(0, 900), Buffer.from('\x89PNG'), Buffer.of()]) {
      expect(isMissingIn(bytes)).toBe(false);
    }
  });
});
