import { describe, expect, it } from '@jest/globals';
import { idempotencyKey, isRetry } from './idempotency-key.js';

describe('idempotencyKey', () => {
  it.each([
    [undefined, undefined],
    ['abc', 'abc'],
    ['"abc"', 'abc'],
    [' "abc" ', 'abc'],
    [String.raw`"a\"b\\c"`, String.raw`a"b\c`],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
  ])('reads %j as %j', (header, key) => {
    expect(idempotencyKey({ 'idempotency-key': header })).toBe(key);
  });

  it.each(['', '""', 'a b', 'ä', 'x'.repeat(256)])('refuses %j', (header) => {
    expect(() => idempotencyKey({ 'idempotency-key': header })).toThrow(/Idempotency-Key/);
  });
});

describe('isRetry', () => {
  it.each([
    [undefined, false],
    ['0', false],
    ['1', true],
    ['2', true],
    ['many', false],
  ])('says of %j: %s', (count, retry) => {
    expect(isRetry({ 'x-stainless-retry-count': count })).toBe(retry);
  });
});
