import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Limits } from '../keys/caller.js';
import { LocalLimiter } from './local-limiter.js';
import type { LimitedScope, Unneeded } from './limiter.js';

const MINUTE = 60_000;

/** A limiter whose clock a test turns by hand. */
function limiterAt(start = 0) {
  let now = start;
  const limiter = new LocalLimiter(() => now);
  const key = (limits: Limits): LimitedScope => ({ name: 'key:k', limits });
  return {
    limiter,
    pass: (milliseconds: number) => {
      now += milliseconds;
    },
    ask: (limits: Limits, images = 1, others: LimitedScope[] = []) => {
      const demand = { id: 'd', images, scopes: [key(limits), ...others] };
      return { demand, ...limiter.enter(demand) };
    },
  };
}

describe('Requests a minute', () => {
  it('are let in up to the limit, and again one by one as the window slides over them', () => {
    const { ask, pass } = limiterAt();
    const limits = { requestsPerMinute: 2 };
    expect(ask(limits).refusal).toBeUndefined();
    pass(10_000);
    expect(ask(limits).refusal).toBeUndefined();
    expect(ask(limits).refusal).toMatchObject({ limit: 'requestsPerMinute', waitMs: 50_000 });
    pass(50_000);
    expect(ask(limits).refusal).toBeUndefined();
    expect(ask(limits).refusal).toMatchObject({ waitMs: 10_000 });
  });

  it('say what is left, and when the next is free', () => {
    const { ask, pass } = limiterAt();
    const limits = { requestsPerMinute: 3 };
    expect(ask(limits).standings).toEqual([{ requests: { left: 2, resetMs: MINUTE }, images: undefined }]);
    pass(1_000);
    expect(ask(limits).standings).toEqual([{ requests: { left: 1, resetMs: 59_000 }, images: undefined }]);
  });

  it('that were refused do not count', () => {
    const { ask, pass } = limiterAt();
    const limits = { requestsPerMinute: 1 };
    ask(limits);
    for (let i = 0; i < 100; i += 1) ask(limits);
    pass(MINUTE);
    expect(ask(limits).refusal).toBeUndefined();
  });

  it('wait for as many to leave as a lowered limit wants', () => {
    const { ask, pass } = limiterAt();
    for (let i = 0; i < 3; i += 1) {
      ask({ requestsPerMinute: 3 });
      pass(1_000);
    }
    expect(ask({ requestsPerMinute: 1 }).refusal).toMatchObject({ waitMs: MINUTE - 1_000 });
  });
});

describe('Pictures a minute', () => {
  it('are counted by the picture, and a small request fits where a large one does not', () => {
    const { ask, pass } = limiterAt();
    const limits = { imagesPerMinute: 10 };
    expect(ask(limits, 6).refusal).toBeUndefined();
    pass(1_000);
    expect(ask(limits, 5).refusal).toMatchObject({ limit: 'imagesPerMinute', waitMs: 59_000 });
    expect(ask(limits, 4)).toMatchObject({ refusal: undefined, standings: [{ images: { left: 0 } }] });
  });

  it('do not stop a request for none', () => {
    const { ask } = limiterAt();
    ask({ imagesPerMinute: 1 }, 1);
    expect(ask({ imagesPerMinute: 1 }, 0).refusal).toBeUndefined();
  });
});

describe('Requests at a time', () => {
  it('are free again when they leave', () => {
    const { ask, limiter } = limiterAt();
    const limits = { parallelRequests: 2 };
    const { demand } = ask(limits);
    ask(limits);
    expect(ask(limits).refusal).toMatchObject({ limit: 'parallelRequests', waitMs: 1_000 });
    limiter.leave(demand);
    expect(ask(limits).refusal).toBeUndefined();
  });
});

describe('A key and its team', () => {
  it('count together, or not at all where one of them refuses', () => {
    const { ask, limiter } = limiterAt();
    const team: LimitedScope = { name: 'team:t', limits: { requestsPerMinute: 1 } };
    expect(ask({ requestsPerMinute: 5 }, 1, [team]).refusal).toBeUndefined();
    expect(ask({ requestsPerMinute: 5 }, 1, [team]).refusal).toMatchObject({ scope: { name: 'team:t' } });
    expect(ask({ requestsPerMinute: 5 }).standings).toMatchObject([{ requests: { left: 3 } }]);
    expect(limiter.size).toBe(2);
  });
});

describe('The limiter', () => {
  it('forgets keys that have not called for a minute, and not those that are still running', () => {
    let now = 0;
    const limiter = new LocalLimiter(() => now);
    const scope = (name: string) => ({ name, limits: { requestsPerMinute: 5 } });
    const demands = Array.from({ length: 1_000 }, (_, at) => ({ id: 'd', images: 1, scopes: [scope(`key:${at}`)] }));
    for (const demand of demands) limiter.enter(demand);
    for (const demand of demands.slice(1)) limiter.leave(demand);
    now = MINUTE;
    limiter.enter({ id: 'd', images: 1, scopes: [scope('key:other')] });
    expect(limiter.size).toBe(2);
  });

  it('never lets more in than the limit in any window, and never refuses without need (any order of demands)', () => {
    const steps = fc.array(fc.record({ pass: fc.nat(30_000), images: fc.integer({ min: 1, max: 6 }) }), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 9 }), fc.integer({ min: 6, max: 20 }), (demands, rpm, ipm) => {
        const { ask, pass } = limiterAt();
        const admitted: { at: number; images: number }[] = [];
        let now = 0;
        for (const { pass: milliseconds, images } of demands) {
          pass(milliseconds);
          now += milliseconds;
          const { refusal } = ask({ requestsPerMinute: rpm, imagesPerMinute: ipm }, images);
          const recent = admitted.filter(({ at }) => now - at < MINUTE);
          const drawn = recent.reduce((sum, one) => sum + one.images, 0);
          const fits = recent.length < rpm && drawn + images <= ipm;
          expect(refusal === undefined).toBe(fits);
          if (fits) admitted.push({ at: now, images });
        }
      }),
    );
  });

  it('counts no more of what is given back, and all of the rest (any order of demands)', () => {
    const step = fc.record({
      pass: fc.nat(20_000),
      images: fc.integer({ min: 1, max: 6 }),
      back: fc.option(fc.record({ of: fc.nat(), unneeded: fc.constantFrom<Unneeded>('images', 'everything') })),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const { ask, pass, limiter } = limiterAt();
        const limits = { requestsPerMinute: 5, imagesPerMinute: 12 };
        const admitted: { since: number; requests: number; images: number; giveBack: (unneeded: Unneeded) => void }[] =
          [];
        let now = 0;
        for (const { pass: milliseconds, images, back } of steps) {
          pass(milliseconds);
          now += milliseconds;
          const given = back && admitted[back.of % Math.max(1, admitted.length)];
          if (given && given.requests + given.images > 1) {
            given.giveBack(back.unneeded);
            given.images = 0;
            if (back.unneeded === 'everything') given.requests = 0;
          }
          const { refusal, demand, at } = ask(limits, images);
          const recent = admitted.filter(({ since }) => now - since < MINUTE);
          const requests = recent.reduce((sum, one) => sum + one.requests, 0);
          const drawn = recent.reduce((sum, one) => sum + one.images, 0);
          expect(refusal === undefined).toBe(requests < 5 && drawn + images <= 12);
          if (refusal) continue;
          const giveBack = (unneeded: Unneeded): void => {
            limiter.giveBack(demand, at, unneeded);
          };
          admitted.push({ since: now, requests: 1, images, giveBack });
        }
      }),
    );
  });

  it('says exactly how long to wait (any order of demands)', () => {
    const steps = fc.array(fc.record({ pass: fc.nat(9_000), images: fc.integer({ min: 1, max: 6 }) }), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (demands) => {
        const { ask, pass } = limiterAt();
        const limits = { requestsPerMinute: 5, imagesPerMinute: 12 };
        for (const { pass: milliseconds, images } of demands) {
          pass(milliseconds);
          const { refusal } = ask(limits, images);
          if (!refusal) continue;
          pass(refusal.waitMs - 1);
          expect(ask(limits, images).refusal).toBeDefined();
          pass(1);
          expect(ask(limits, images).refusal).toBeUndefined();
        }
      }),
    );
  });
});
