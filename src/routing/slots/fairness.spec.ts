import { describe, expect, it } from '@jest/globals';
import { AccountSlots } from './account-slots.js';
import { LocalSlotClock } from './local-slot-clock.js';
import { ratesOf } from './slot-clock.js';

const RPS = 50;

/** Jain's index: 1 where all have the same, 1 / n where one has all. */
function jain(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum ** 2 / (values.length * values.reduce((total, value) => total + value ** 2, 0));
}

describe('One key with 500 waiting requests and nine with five', () => {
  it('leave each of the nine its share: Jain’s index 0.95, nobody waits longer than that and a second', async () => {
    const limits = { requestsPerSecond: RPS, requestsPerMinute: 0, imagesPerMinute: 0, parallelRequests: 0 };
    const account = new AccountSlots({ clock: new LocalSlotClock(ratesOf(limits)), parallel: 0, queueSize: 1_000 });
    const caller = new AbortController();
    const wish = { weight: 1, priority: 'interactive', images: 1, signal: caller.signal } as const;
    const waitUntil = performance.now() + 60_000;
    const large = Promise.allSettled(
      Array.from({ length: 500 }, async () => account.enter({ ...wish, key: 'large', waitUntil })),
    );
    const began = performance.now();
    const waits = await Promise.all(
      Array.from({ length: 9 }, async (_, key) => {
        const five = Array.from({ length: 5 }, async () => {
          await account.enter({ ...wish, key: `small-${key}`, waitUntil });
          return performance.now() - began;
        });
        return Promise.all(five);
      }),
    );
    caller.abort();
    await large;
    const means = waits.map((five) => five.reduce((sum, wait) => sum + wait, 0) / five.length);
    expect(jain(means)).toBeGreaterThanOrEqual(0.95);
    // Ten keys take turns five times.
    const fairShareMs = ((10 * 5) / RPS) * 1_000;
    expect(Math.max(...waits.flat())).toBeLessThan(fairShareMs + 1_000);
  }, 20_000);
});
