import { describe, expect, it } from '@jest/globals';
import { CLASSIC, ONE_K, TWO_K, VECTOR } from './catalogue-sizes.js';

const ASPECTS = '1:1 2:1 1:2 3:2 2:3 4:3 3:4 5:4 4:5 6:10 14:10 10:14 16:9 9:16'.split(' ');

const mirrored = (size: string | undefined, mark: string) => size?.split(mark).reverse().join(mark);

describe('the sizes', () => {
  it.each([
    // recraft-api.md §3.1 typed a second time: the square and the landscapes, then 6:10, which has no mirror.
    ['1K', ONE_K, '1024x1024 1536x768 1280x832 1216x896 1152x896 1280x896 1344x768', '832x1344'],
    ['2K', TWO_K, '2048x2048 3072x1536 2560x1664 2432x1792 2304x1792 2560x1792 2688x1536', '1664x2688'],
    ['V2 and V3', CLASSIC, '1024x1024 2048x1024 1536x1024 1365x1024 1280x1024 1434x1024 1820x1024', '1024x1707'],
  ])('of %s are the documented ones', (_name, { sizes }, landscapes, sixByTen) => {
    const wide = ['1:1', '2:1', '3:2', '4:3', '5:4', '14:10', '16:9'];
    expect(Array.from(sizes.keys())).toEqual(ASPECTS);
    expect(wide.map((aspect) => sizes.get(aspect)).join(' ')).toBe(landscapes);
    expect(wide.map((aspect) => sizes.get(mirrored(aspect, ':') ?? ''))).toEqual(
      wide.map((aspect) => mirrored(sizes.get(aspect), 'x')),
    );
    expect(sizes.get('6:10')).toBe(sixByTen);
  });

  it('of vector models are aspects alone', () => {
    expect(Array.from(VECTOR.sizes)).toEqual(ASPECTS.map((aspect) => [aspect, undefined]));
  });

  it.each([ONE_K, TWO_K, CLASSIC])('of every raster model have their aspect on vector models', ({ sizes }) => {
    const pixels = Array.from(sizes.values(), String);
    expect(pixels.map((size) => VECTOR.accepted.get(size))).toEqual(ASPECTS);
  });
});
