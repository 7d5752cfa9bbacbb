import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { RedisConnection } from '../../src/redis/redis-connection.js';
import { LocalSlotClock } from '../../src/routing/slots/local-slot-clock.js';
import { LEAST_MARGIN_MS } from '../../src/routing/slots/margin.js';
import { SharedSlotClock } from '../../src/routing/slots/shared-slot-clock.js';
import { type Rate, ratesOf } from '../../src/routing/slots/slot-clock.js';
import { hasRedis, RedisServer } from '../support/redis-server.js';

jest.setTimeout(30_000);

const describeWithRedis = hasRedis ? describe : describe.skip;

const LIMITS = { requestsPerSecond: 10, requestsPerMinute: 0, imagesPerMinute: 0, parallelRequests: 0 };

/** A Redis, and two instances' clocks of one account. */
async function twoClocks(rates: readonly Rate[] = ratesOf(LIMITS)) {
  const server = await RedisServer.start();
  const connections = Array.from(
    { length: 2 },
    () => new RedisConnection({ url: server.url, keyPrefix: 'test:' }, pino({ level: 'silent' })),
  );
  await Promise.all(connections.map(({ settled }) => settled));
  const local = { slots: 0 };
  const clocks = connections.map(
    (connection) =>
      new SharedSlotClock('account', rates, connection, new LocalSlotClock(rates), () => {
        local.slots++;
      }),
  ) as [SharedSlotClock, SharedSlotClock];
  return {
    server,
    clocks,
    local,
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.onApplicationShutdown();
      await server.stop();
    },
  };
}

/** Takes slots, each when it comes, until a moment; when each of them was. */
async function greedily(clock: SharedSlotClock, until: number): Promise<number[]> {
  const taken: number[] = [];
  while (performance.now() < until) {
    const grant = await clock.take(1);
    await pause(Math.ceil(grant.waitMs));
    if (!grant.taken) continue;
    grant.sent();
    taken.push(performance.now());
  }
  return taken;
}

describeWithRedis('Slots shared through Redis', () => {
  it('are given out once to two instances, in turn, none too many and few too little', async () => {
    await using setup = await twoClocks();
    const until = performance.now() + 5_000;
    const [one = [], two = []] = await Promise.all(setup.clocks.map((clock) => greedily(clock, until)));
    const all = [...one, ...two].filter((at) => at <= until).toSorted((a, b) => a - b);
    // Any eleventh comes a second after the first of its ten.
    const gaps = all.slice(10).map((at, index) => at - (all[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
    expect(all.length).toBeGreaterThanOrEqual(Math.floor(5 * 10 * 0.98));
    expect(Math.abs(one.length - two.length)).toBeLessThanOrEqual(4);
    expect(setup.local.slots).toBe(0);
  });

  it('count pictures over a minute, and let what makes none through', async () => {
    await using setup = await twoClocks(ratesOf({ ...LIMITS, imagesPerMinute: 6 }));
    const [one, two] = setup.clocks;
    expect(await one.take(4)).toMatchObject({ taken: true, waitMs: 0 });
    const refused = await two.take(3);
    expect(refused.taken).toBe(false);
    expect(refused.waitMs).toBeGreaterThan(59_000);
    expect(await two.take(2)).toMatchObject({ taken: true, waitMs: 0 });
    expect(await two.take(0)).toMatchObject({ taken: true, waitMs: 0 });
  });

  it('are there again when they were given back', async () => {
    await using setup = await twoClocks(ratesOf({ ...LIMITS, requestsPerSecond: 1 }));
    const [one, two] = setup.clocks;
    (await one.take(1)).giveBack();
    expect(await two.take(1)).toMatchObject({ taken: true, waitMs: 0 });
  });

  it('stop for every instance when one of them was too fast', async () => {
    await using setup = await twoClocks();
    const [one, two] = setup.clocks;
    one.backOff(performance.now(), 2_000);
    await pause(20);
    const grant = await two.take(1);
    expect(grant.taken).toBe(false);
    expect(grant.waitMs).toBeGreaterThan(1_500);
    expect(two.pausedMs).toBeGreaterThan(1_500);
  });

  it('count for longer for every instance when one of them was too fast', async () => {
    await using setup = await twoClocks(ratesOf({ ...LIMITS, requestsPerSecond: 1 }));
    const [one, two] = setup.clocks;
    const spanMs = async (): Promise<number> => {
      const slot = await two.take(1);
      await pause(Math.ceil(slot.waitMs));
      slot.sent();
      const next = await two.take(1);
      next.giveBack();
      return next.waitMs;
    };
    expect(await spanMs()).toBeLessThanOrEqual(1_000 + LEAST_MARGIN_MS);
    one.backOff(performance.now(), 1);
    const widened = await spanMs();
    expect(widened).toBeGreaterThan(1_000 + LEAST_MARGIN_MS + 8);
    expect(widened).toBeLessThanOrEqual(1_000 + 2 * LEAST_MARGIN_MS);
  });

  it('are each instance’s own while Redis does not answer, and what was taken before still counts', async () => {
    await using setup = await twoClocks(ratesOf({ ...LIMITS, requestsPerSecond: 2 }));
    const [one] = setup.clocks;
    expect((await one.take(1)).taken).toBe(true);
    await setup.server.stop();
    expect((await one.take(1)).taken).toBe(true);
    expect((await one.take(1)).taken).toBe(false);
    expect(setup.local.slots).toBe(1);
  });
});
