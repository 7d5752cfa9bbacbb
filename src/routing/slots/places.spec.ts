import { describe, expect, it } from '@jest/globals';
import { Places } from './places.js';

describe('Places', () => {
  it('are endless without a limit, and nobody waits', () => {
    const places = new Places(0);
    places.enter();
    expect([places.taken, places.left, places.isFull, places.waitMs(10, 1_000)]).toEqual([1, Infinity, false, 0]);
  });

  it('come free as the calls that hold them end', () => {
    const places = new Places(2);
    const leave = places.enter();
    expect([places.left, places.isFull, places.waitMs(0, 1_000)]).toEqual([1, false, 0]);
    places.enter();
    expect([places.left, places.isFull]).toEqual([0, true]);
    expect(places.waitMs(0, undefined)).toBe(0);
    expect(places.waitMs(0, 1_000)).toBeGreaterThan(900);
    expect(places.waitMs(0, 1_000)).toBeLessThanOrEqual(1_000);
    expect(places.waitMs(2, 1_000)).toBeGreaterThan(1_900);
    leave();
    expect([places.taken, places.waitMs(0, 1_000)]).toEqual([1, 0]);
  });

  it('are as many as instances share, and fewer where others have some', () => {
    const shared = { limit: 3, elsewhere: 2 };
    let known: typeof shared | undefined = shared;
    const places = new Places(1, () => known);
    places.enter();
    expect([places.left, places.isFull]).toEqual([0, false]);
    // Two of three are others', of which nobody here knows when they began.
    expect(places.waitMs(1, 1_000)).toBe(500);
    known = undefined;
    expect(places.isFull).toBe(true);
  });
});
