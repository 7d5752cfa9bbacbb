import { describe, expect, it } from '@jest/globals';
import { unrestricted } from './caller.js';
import { digestOf } from './key-digest.js';
import { KeyRing } from './key-ring.js';

const KEY = 'sk-0123456789abcdefghijklmnopqrstuvwxyzABCDEFG';
const ROUNDS = 300;
const CHECKS = 200;

/** Nanoseconds of a check, as the median of many rounds; the keys take turns, so that the machine is the same to all. */
function timesOf(ring: KeyRing, keys: readonly string[]): number[] {
  const rounds = Array.from({ length: ROUNDS }, () =>
    keys.map((key) => {
      const begin = process.hrtime.bigint();
      for (let at = 0; at < CHECKS; at += 1) ring.find(digestOf(key));
      return Number(process.hrtime.bigint() - begin) / CHECKS;
    }),
  );
  return keys.map((_, at) => rounds.map((round) => round[at] ?? 0).sort((a, b) => a - b)[ROUNDS / 2] ?? 0);
}

describe('The time of a check', () => {
  it.each([
    ['the master key', () => new KeyRing(KEY)],
    [
      'a configured key',
      () => {
        const ring = new KeyRing('sk-master');
        ring.replaceConfigured([unrestricted(digestOf(KEY))]);
        return ring;
      },
    ],
  ])('does not depend on how much of %s is right', (_, make) => {
    const wrong = [0, 3, 10, 24, 45].map((right) => KEY.slice(0, right) + '_'.repeat(KEY.length - right));
    const ring = make();
    timesOf(ring, wrong); // The compiler's own time.
    const times = timesOf(ring, wrong);

    expect(Math.max(...times) / Math.min(...times)).toBeLessThan(1.25);
  });
});
