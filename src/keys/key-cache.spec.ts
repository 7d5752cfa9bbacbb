import { describe, expect, it } from '@jest/globals';
import { unrestricted } from './caller.js';
import { KeyCache } from './key-cache.js';

const KNOWN = { caller: unrestricted('k') };

describe('What is remembered of keys', () => {
  it('is used while it is known to be true: for less than a second without a confirmation', () => {
    const cache = new KeyCache();
    cache.remember('k', KNOWN, 0);
    expect(cache.recall('k', 899)?.known).toBe(KNOWN);
    expect(cache.recall('k', 900)).toBeUndefined();
    cache.confirm(850);
    expect(cache.recall('k', 1_700)?.known).toBe(KNOWN);
    expect(cache.recall('k', 1_750)).toBeUndefined();
  });

  it('is asked anew after a minute, and a wrong key after ten seconds', () => {
    const cache = new KeyCache();
    cache.remember('k', KNOWN, 0);
    cache.remember('w', undefined, 0);
    cache.confirm(9_999);
    expect(cache.recall('w', 9_999)).toEqual({ known: undefined, readAt: 0 });
    expect(cache.recall('w', 10_000)).toBeUndefined();
    cache.confirm(59_999);
    expect(cache.recall('k', 59_999)?.known).toBe(KNOWN);
    expect(cache.recall('k', 60_000)).toBeUndefined();
    cache.confirm(60_000);
    expect(cache.size).toBe(0);
  });

  it('is bounded: the oldest go first, and wrong keys push no right one out', () => {
    const cache = new KeyCache();
    cache.remember('k', KNOWN, 0);
    for (let at = 0; at < 25_000; at += 1) cache.remember(`w${at}`, undefined, at / 1_000);
    expect(cache.size).toBe(10_001);
    expect(cache.recall('k', 25)?.known).toBe(KNOWN);
    expect(cache.recall('w0', 25)).toBeUndefined();
    expect(cache.recall('w24999', 25)).toBeDefined();
  });

  it('is forgotten by name or altogether, and counts that', () => {
    const cache = new KeyCache();
    cache.remember('a', KNOWN, 0);
    cache.remember('b', undefined, 0);
    cache.forget(['a']);
    expect([cache.recall('a', 1), cache.recall('b', 1), cache.generation]).toEqual([
      undefined,
      { known: undefined, readAt: 0 },
      1,
    ]);
    cache.forgetAll();
    expect([cache.size, cache.generation]).toEqual([0, 2]);
  });
});
