import { describe, expect, it } from '@jest/globals';
import { idempotencyKey, repeatsOf } from './idempotency-key.js';

describe('idempotencyKey', () => {
  it.each([
    [undefined, undefined],
    ['abc', 'abc'],
    ['"abc"', 'abc'],
    [' "abc" ', 'abc'],
    [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    ['"abc";v=1', 'abc'],
    ['"abc" ; v="1"', 'abc'],
    ['"a b"', '"a b"'],
    ['"retry abc"', '"retry abc"'],
    ['a"b', 'a"b'],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ])('reads %j as %j', (header, key) => {
    expect(idempotencyKey({ 'idempotency-key': header })).toBe(key);
  });

  it.each(['', '""', 'a b', '"abc" v=1', 'ä', '"ä"', 'x'.repeat(256)])('refuses %j', (header) => {
    expect(() => idempotencyKey({ 'idempotency-key': header })).toThrow(/Idempotency-Key/);
  });
});

describe('repeatsOf', () => {
  it.each([
    [undefined, false, false],
    ['0', true, false],
    ['1', true, true],
    ['2', true, true],
    ['many', true, false],
  ])('says of %j: marks repeats %s, is one %s', (count, marksRepeats, isRetry) => {
    expect(repeatsOf({ 'x-stainless-retry-count': count })).toEqual({ marksRepeats, isRetry });
  });
});
