import { describe, expect, it } from '@jest/globals';
import { limitHeaders } from './limit-headers.js';

const scope = { name: 'key:a', limits: { imagesPerMinute: 10 } };
const resetAfter = (resetMs: number) =>
  limitHeaders([scope], [{ requests: undefined, images: { left: 4, resetMs } }]).at(-1);

describe('The time until a limit has room again', () => {
  it.each([
    [0, '0s'],
    [1, '1s'],
    [1_000, '1s'],
    [1_001, '2s'],
    [60_000.00000000001, '60s'],
    [59_999.9999, '60s'],
  ])('of %s ms is told as %s', (resetMs, told) => {
    expect(resetAfter(resetMs)).toBe(told);
  });
});
