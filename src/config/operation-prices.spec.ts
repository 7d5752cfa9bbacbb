import { describe, expect, it } from '@jest/globals';
import { findOperationPrices } from './operation-prices.js';

describe('Prices of operations', () => {
  it('are US dollars, kept as micro-dollars', () => {
    expect(findOperationPrices('{"explore": 0.14, "optimizeColors": 0}')).toEqual({
      explore: 140_000,
      optimizeColors: 0,
    });
    expect(findOperationPrices('{}')).toEqual({});
  });

  it.each(['explore=1', '[]', '1', 'null', '{"explore":"1"}', '{"explore":-1}', '{"generate":1}', '{"toString":1}'])(
    'are not %s',
    (text) => {
      expect(findOperationPrices(text)).toBeUndefined();
    },
  );
});
