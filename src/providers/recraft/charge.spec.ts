import { describe, expect, it } from '@jest/globals';
import { chargeOf } from './charge.js';

describe('chargeOf', () => {
  it.each([
    [0, 0],
    [40, 40_000],
    [0.5, 500],
    [1_000_000, 1_000_000_000],
  ])('counts %j units as %j micro-dollars', (credits, charged) => {
    expect(chargeOf(credits)).toBe(charged);
  });

  it.each([-40, 1_000_000.5, 1e15, Infinity, Number.NaN, '40', null, undefined])('believes no %p', (credits) => {
    expect(chargeOf(credits)).toBeUndefined();
  });
});
