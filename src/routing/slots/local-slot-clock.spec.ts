import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LocalSlotClock } from './local-slot-clock.js';
import { LEAST_MARGIN_MS, MOST_MARGIN_MS } from './margin.js';
import { type Rate, ratesOf } from './slot-clock.js';

const RECRAFT = { requestsPerSecond: 5, requestsPerMinute: 0, imagesPerMinute: 100, parallelRequests: 0 };

/** A clock whose time a test turns. */
function aClock(rates: readonly Rate[] = ratesOf(RECRAFT)) {
  const time = { now: 1_000_000 };
  return { time, clock: new LocalSlotClock(rates, () => time.now) };
}

/** Takes every slot as soon as it can be had, for a span of time; the moments at which they were taken. */
function greedily({ time, clock }: ReturnType<typeof aClock>, spanMs: number, images: () => number) {
  const taken: { at: number; images: number }[] = [];
  for (const end = time.now + spanMs; time.now < end;) {
    const wanted = images();
    const grant = clock.take(wanted);
    if (grant.taken) taken.push({ at: time.now, images: wanted });
    else time.now += grant.waitMs;
  }
  return taken;
}

/** The most that falls into any span: (at - span, at]. */
function mostIn(taken: readonly { at: number; images: number }[], spanMs: number, amount: 'requests' | 'images') {
  return Math.max(
    ...taken.map(({ at }) =>
      taken
        .filter((other) => other.at > at - spanMs && other.at <= at)
        .reduce((sum, { images }) => sum + (amount === 'images' ? images : 1), 0),
    ),
  );
}

describe('LocalSlotClock', () => {
  it('never exceeds its limits over any span, and misses little of them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 6 }), { minLength: 1, maxLength: 20 }), (sizes) => {
        let turn = 0;
        const taken = greedily(aClock(), 125_000, () => sizes[turn++ % sizes.length] ?? 1);
        expect(mostIn(taken, 1_000, 'requests')).toBeLessThanOrEqual(5);
        expect(mostIn(taken, 60_000, 'images')).toBeLessThanOrEqual(100);
      }),
      { numRuns: 50 },
    );
  });

  it('uses 98 % of the slots under load', () => {
    const taken = greedily(aClock(ratesOf({ ...RECRAFT, imagesPerMinute: 0 })), 60_000, () => 1);
    expect(taken.length).toBeGreaterThanOrEqual(5 * 60 * 0.98);
  });

  it('counts a slot from when its request is written', () => {
    const { time, clock } = aClock(ratesOf({ ...RECRAFT, requestsPerSecond: 1 }));
    const slot = clock.take(1);
    time.now += 300;
    slot.sent(0);
    expect(clock.take(1)).toMatchObject({ taken: false, waitMs: 1_000 + LEAST_MARGIN_MS });
  });

  it('has a slot again that was given back', () => {
    const { clock } = aClock(ratesOf({ ...RECRAFT, requestsPerSecond: 1 }));
    clock.take(1).giveBack();
    expect(clock.take(1).taken).toBe(true);
  });

  it('counts no pictures for a free call', () => {
    const { clock } = aClock(ratesOf({ ...RECRAFT, requestsPerSecond: 0, imagesPerMinute: 1 }));
    expect([clock.take(1).taken, clock.take(1).taken, clock.take(0).taken]).toEqual([true, false, true]);
  });

  it('says how long so many requests take', () => {
    const { clock } = aClock();
    expect(clock.leastWaitMs(5, 5)).toBe(0);
    expect(clock.leastWaitMs(11, 11)).toBe(2 * (1_000 + LEAST_MARGIN_MS));
    expect(clock.leastWaitMs(1, 101)).toBe(60_000 + LEAST_MARGIN_MS);
    for (let slot = 0; slot < 5; slot++) clock.take(1);
    expect(clock.leastWaitMs(1, 1)).toBe(1_000 + LEAST_MARGIN_MS);
  });

  it('pauses when it was too fast, longer each time, and starts slowly', () => {
    const { time, clock } = aClock();
    clock.backOff(time.now, 0);
    expect(clock.pausedMs).toBe(1_000);
    // Sent before the pause: the same refusal.
    clock.backOff(time.now - 5, 0);
    expect(clock.pausedMs).toBe(1_000);
    time.now += 1_000;
    expect(Array.from({ length: 3 }, () => clock.take(1).taken)).toEqual([true, true, false]);
    time.now += 10;
    clock.backOff(time.now, 0);
    expect(clock.pausedMs).toBe(2_000);
    time.now += 10;
    clock.backOff(time.now, 20_000);
    expect(clock.pausedMs).toBe(20_000);
    time.now += 30_000;
    expect(Array.from({ length: 6 }, () => clock.take(1).taken)).toEqual([true, true, true, true, true, false]);
  });

  it('keeps a wider margin after a refusal, and narrows it again while there is none', () => {
    const { time, clock } = aClock(ratesOf({ ...RECRAFT, imagesPerMinute: 0 }));
    /** Milliseconds from one full second of slots to the next. */
    const spanMs = (): number => {
      time.now += 100_000;
      for (let slot = 0; slot < 5; slot++) expect(clock.take(1).taken).toBe(true);
      return clock.leastWaitMs(1, 1);
    };
    expect(spanMs()).toBe(1_000 + LEAST_MARGIN_MS);
    time.now += 10_000;
    clock.backOff(time.now, 0);
    expect(clock.marginMs).toBe(2 * LEAST_MARGIN_MS);
    // Sent before the pause: the same refusal.
    clock.backOff(time.now - 5, 0);
    expect(clock.marginMs).toBe(2 * LEAST_MARGIN_MS);
    const margins = Array.from({ length: 20 }, () => {
      time.now += 2_000;
      clock.backOff(time.now, 0);
      return clock.marginMs;
    });
    expect(margins).toEqual(margins.toSorted((a, b) => a - b));
    expect(margins.at(-1)).toBe(MOST_MARGIN_MS);
    time.now += 100_000;
    expect(clock.marginMs).toBeLessThan(LEAST_MARGIN_MS + 1);
    expect(spanMs()).toBeCloseTo(1_000 + LEAST_MARGIN_MS, 0);
  });

  it('uses 98 % of the slots again a minute after a refusal, and never fewer than five sixths of them', () => {
    const turned = aClock(ratesOf({ ...RECRAFT, imagesPerMinute: 0 }));
    for (let refusal = 0; refusal < 20; refusal++) {
      turned.time.now += 100;
      turned.clock.backOff(turned.time.now, 0);
    }
    turned.time.now += turned.clock.pausedMs + 2_000;
    turned.clock.backOff(turned.time.now, 0);
    turned.time.now += turned.clock.pausedMs + 2_000;
    const used = (seconds: number): number => greedily(turned, seconds * 1_000, () => 1).length / (5 * seconds);
    expect(used(10)).toBeGreaterThanOrEqual(5 / 6);
    used(50);
    expect(used(60)).toBeGreaterThanOrEqual(0.98);
  });

  it('is a part of the account among several instances', () => {
    const [second, minute] = ratesOf(RECRAFT, 1 / 10);
    expect(second).toEqual({ counts: 'requests', spanMs: 2_000, limit: 1 });
    expect(minute).toEqual({ counts: 'images', spanMs: 60_000, limit: 10 });
  });
});
