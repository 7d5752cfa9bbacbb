import { describe, expect, it } from '@jest/globals';
import { prepareBody } from './body.js';

/** What a body may hold, and what is seen of it before that is known: its own field and the name or length of what it holds. */
const MOST_SEEN = 4_000 + 3;

/** Tells how many values were taken out of an object or an array, its length included. */
function watched<T extends object>(target: T): { value: T; seen: () => number } {
  let seen = 0;
  const value = new Proxy(target, {
    get: (of, name, receiver) => {
      seen += 1;
      return Reflect.get(of, name, receiver) as unknown;
    },
  });
  return { value, seen: () => seen };
}

describe('A body of absurd size in values', () => {
  it('is refused before the elements of its array are walked', () => {
    const colors = watched(Array.from({ length: 100_000 }, () => 0));
    expect(() => prepareBody({ prompt: 'x', controls: { colors: colors.value } })).toThrow('more than 4000 values');
    expect(colors.seen()).toBeLessThanOrEqual(MOST_SEEN);
  });

  it('is refused before its fields are walked', () => {
    const fields = watched(Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, 0])));
    expect(() => prepareBody(fields.value)).toThrow('more than 4000 values');
    expect(fields.seen()).toBeLessThanOrEqual(MOST_SEEN);
  });

  it('is refused before the fields within a field are walked', () => {
    const fields = watched(Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, 0])));
    expect(() => prepareBody({ prompt: 'x', controls: fields.value })).toThrow('more than 4000 values');
    expect(fields.seen()).toBeLessThanOrEqual(MOST_SEEN);
  });
});
