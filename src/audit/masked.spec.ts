import { describe, expect, it } from '@jest/globals';
import { masked } from './masked.js';

describe('masked', () => {
  it('leaves four characters of a secret, wherever it stands, and everything else as it is', () => {
    const change = {
      key: 'sk-0123456789abcdef0123456789abcdef',
      key_alias: 'shop',
      key_name: 'sk-...cdef',
      max_budget: 10,
      nested: [{ password: 'short', note: 'was sk-0123456789abcdef0123456789abcdef once' }],
      nothing: null,
    };

    expect(masked(change)).toEqual({
      key: '***cdef',
      key_alias: 'shop',
      key_name: 'sk-...cdef',
      max_budget: 10,
      nested: [{ password: '***', note: 'was ***cdef once' }],
      nothing: null,
    });
  });
});
