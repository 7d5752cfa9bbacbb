import { describe, expect, it } from '@jest/globals';
import { readPeriod } from './period.js';

const iso = (start?: string, end?: string) => {
  const { from, until } = readPeriod(start, end);
  return [from?.toISOString(), until?.toISOString()];
};

describe('A period', () => {
  it.each([
    ['2026-01-31', '2026-01-31', '2026-01-31T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
    ['2026-01-31T12:00:00Z', '2026-01-31T13:00:00+00:30', '2026-01-31T12:00:00.000Z', '2026-01-31T12:30:00.000Z'],
    [undefined, undefined, undefined, undefined],
    // What programs write for "no end".
    ['0001-01-01', '9999-12-31', '0001-01-01T00:00:00.000Z', undefined],
  ])('from %s to %s', (start, end, from, until) => {
    expect(iso(start, end)).toEqual([from, until]);
  });

  it.each([
    'yesterday',
    '2026-02-30',
    '2026-13-01',
    '2026-1-1',
    '2026-02-30T12:00:00Z',
    '2026-01-01T25:00:00Z',
    '2026-01-01T12:00:00',
    '0000-01-01',
    '0001-01-01T00:00:00+01:00',
    '9999-12-31T23:59:59-10:00',
  ])('has no %s', (text) => {
    expect(() => readPeriod(text, undefined)).toThrow('start_date must be a date');
    expect(() => readPeriod(undefined, text)).toThrow('end_date must be a date');
  });
});
