import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import { RedisScript } from '../../src/redis/redis.js';
import { RedisConnection } from '../../src/redis/redis-connection.js';
import { LocalSlotClock } from '../../src/routing/slots/local-slot-clock.js';
import { LEAST_MARGIN_MS } from '../../src/routing/slots/margin.js';
import { SharedSlotClock } from '../../src/routing/slots/shared-slot-clock.js';
import { type Rate, ratesOf } from '../../src/routing/slots/slot-clock.js';
import { hasRedis, RedisServer } from '../support/redis-server.js';

jest.setTimeout(30_000);

const describeWithRedis = hasRedis ? describe : describe.skip;

const LIMITS = { requestsPerSecond: 10, requestsPerMinute: 0, imagesPerMinute: 0, parallelRequests: 0 };

/** A command is answered after those that were sent before it over the same connection. */
const NOTHING = new RedisScript('return 0');

/** When a call that begins now is over. */
const soon = (): number => performance.now() + 60_000;

/** A Redis, and two instances' clocks of one account. */
async function twoClocks(rates: readonly Rate[] = ratesOf(LIMITS), places = 0) {
  const server = await RedisServer.start();
  const connections = Array.from(
    { length: 2 },
    () => new RedisConnection({ url: server.url, keyPrefix: 'test:' }, pino({ level: 'silent' })),
  );
  await Promise.all(connections.map(({ settled }) => settled));
  const local = { slots: 0 };
  const clocks = connections.map(
    (connection) =>
      new SharedSlotClock('account', { rates, places }, connection, new LocalSlotClock(rates), () => {
        local.slots++;
      }),
  ) as [SharedSlotClock, SharedSlotClock];
  return {
    server,
    clocks,
    local,
    /** Resolves when Redis knows all that the instances told it without waiting. */
    told: () => Promise.all(connections.map((connection) => connection.run(NOTHING, [], []))),
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.onApplicationShutdown();
      await server.stop();
    },
  };
}

/** A slot: when it was taken, and how much later that is than it was planned, at most. */
interface Taken {
  readonly at: number;
  readonly lateMs: number;
}

/** Takes slots, each when it comes, until a moment. */
async function greedily(clock: SharedSlotClock, until: number): Promise<Taken[]> {
  const taken: Taken[] = [];
  while (performance.now() < until) {
    const askedAt = performance.now();
    const grant = await clock.take(1, soon());
    await pause(Math.ceil(grant.waitMs));
    if (!grant.taken) continue;
    const at = performance.now();
    grant.sent(soon());
    taken.push({ at, lateMs: at - askedAt - grant.waitMs });
  }
  return taken;
}

/** The slots that each of two instances took. */
function bothGreedily([one, two]: readonly [SharedSlotClock, SharedSlotClock], until: number) {
  return Promise.all([greedily(one, until), greedily(two, until)]);
}

describeWithRedis('Slots shared through Redis', () => {
  it('are given out once to two instances, none too many and few too little', async () => {
    await using setup = await twoClocks();
    const until = performance.now() + 5_000;
    const [one, two] = await bothGreedily(setup.clocks, until);
    const all = [...one, ...two].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at);
    // Any eleventh comes a second after the first of its ten, but for what the machine held that one up by more than the margin.
    const gaps = all.slice(10).map(({ at }, index) => {
      const first = all[index] ?? { at: 0, lateMs: 0 };
      return at - first.at + Math.max(0, first.lateMs - LEAST_MARGIN_MS);
    });
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1_000);
    expect(all.length).toBeGreaterThanOrEqual(Math.floor(5 * 10 * 0.98));
    // Ten come free at once, and go to who asks: each instance gets its part, and not exactly half.
    expect(Math.min(one.length, two.length)).toBeGreaterThanOrEqual(all.length / 3);
    expect(setup.local.slots).toBe(0);
  });

  it('are given in turn to instances that wait for them', async () => {
    await using setup = await twoClocks([{ counts: 'requests', spanMs: 250, limit: 1 }]);
    const [one, two] = await bothGreedily(setup.clocks, performance.now() + 4_000);
    expect(one.length + two.length).toBeGreaterThanOrEqual(10);
    expect(Math.abs(one.length - two.length)).toBeLessThanOrEqual(2);
  });

  it('count pictures over a minute, and let what makes none through', async () => {
    await using setup = await twoClocks(ratesOf({ ...LIMITS, imagesPerMinute: 6 }));
    const [one, two] = setup.clocks;
    expect(await one.take(4, soon())).toMatchObject({ taken: true, waitMs: 0 });
    const refused = await two.take(3, soon());
    expect(refused.taken).toBe(false);
    expect(refused.waitMs).toBeGreaterThan(59_000);
    expect(await two.take(2, soon())).toMatchObject({ taken: true, waitMs: 0 });
    expect(await two.take(0, soon())).toMatchObject({ taken: true, waitMs: 0 });
  });

  it('are there again when they were given back', async () => {
    await using setup = await twoClocks(ratesOf({ ...LIMITS, requestsPerSecond: 1 }));
    const [one, two] = setup.clocks;
    (await one.take(1, soon())).giveBack();
    await setup.told();
    expect(await two.take(1, soon())).toMatchObject({ taken: true, waitMs: 0 });
  });

  it('stop for every instance when one of them was too fast', async () => {
    await using setup = await twoClocks();
    const [one, two] = setup.clocks;
    one.backOff(performance.now(), 2_000);
    await setup.told();
    const grant = await two.take(1, soon());
    expect(grant.taken).toBe(false);
    expect(grant.waitMs).toBeGreaterThan(1_500);
    expect(two.pausedMs).toBeGreaterThan(1_500);
  });

  it('count for longer for every instance when one of them was too fast', async () => {
    await using setup = await twoClocks(ratesOf({ ...LIMITS, requestsPerSecond: 1 }));
    const [one, two] = setup.clocks;
    const spanMs = async (): Promise<number> => {
      const slot = await two.take(1, soon());
      await pause(Math.ceil(slot.waitMs));
      slot.sent(soon());
      const next = await two.take(1, soon());
      next.giveBack();
      return next.waitMs;
    };
    expect(await spanMs()).toBeLessThanOrEqual(1_000 + LEAST_MARGIN_MS);
    one.backOff(performance.now(), 1);
    await setup.told();
    const widened = await spanMs();
    expect(widened).toBeGreaterThan(1_000 + LEAST_MARGIN_MS + 8);
    expect(widened).toBeLessThanOrEqual(1_000 + 2 * LEAST_MARGIN_MS);
  });

  it('tell each instance what the account has left, and what a request would wait', async () => {
    await using setup = await twoClocks(ratesOf({ ...LIMITS, imagesPerMinute: 6 }));
    const [one, two] = setup.clocks;
    await one.take(4, soon());
    expect(one.slotsLeft).toBe(2);
    expect(one.leastWaitMs(1, 2)).toBe(0);
    expect(one.leastWaitMs(1, 3)).toBeGreaterThan(59_000);
    expect(two.slotsLeft).toBe(6); // It was not told yet.
    await two.take(3, soon());
    expect(two.slotsLeft).toBe(2);
    expect(two.leastWaitMs(1, 3)).toBeGreaterThan(59_000);
    expect(two.leastWaitMs(1, 3)).toBeLessThanOrEqual(60_000 + LEAST_MARGIN_MS);
    (await two.take(2, soon())).giveBack();
    expect(two.slotsLeft).toBe(2);
  });

  it('that were used up come free with time in what an instance knows, without asking again', async () => {
    await using setup = await twoClocks(ratesOf({ ...LIMITS, requestsPerSecond: 2 }));
    const [one, two] = setup.clocks;
    await two.take(1, soon());
    await two.take(1, soon());
    (await one.take(1, soon())).giveBack();
    expect(one.slotsLeft).toBe(0);
    const waitMs = one.leastWaitMs(1, 1);
    expect(waitMs).toBeGreaterThan(800);
    await pause(Math.ceil(waitMs) + 50);
    expect([one.slotsLeft, one.leastWaitMs(1, 1)]).toEqual([2, 0]);
  });

  it('have places for so many requests under way, of all instances', async () => {
    await using setup = await twoClocks([], 2);
    const [one, two] = setup.clocks;
    const first = await one.take(1, soon());
    expect(await two.take(1, soon())).toMatchObject({ taken: true, waitMs: 0 });
    expect((await two.take(1, soon())).taken).toBe(false);
    expect(two.sharedPlaces).toEqual({ limit: 2, elsewhere: 1 });
    first.leave();
    await setup.told();
    expect((await two.take(1, soon())).taken).toBe(true);
    expect((await one.take(1, soon())).taken).toBe(false);
  });

  it('have the place of a call whose instance crashed again when its time is over', async () => {
    await using setup = await twoClocks([], 1);
    const [crashed, two] = setup.clocks;
    const lost = await crashed.take(1, performance.now() + 10_000);
    const until = performance.now() + 300;
    lost.sent(until); // As it was given to a call that ends sooner.
    let grant = await two.take(1, soon());
    expect(grant.taken).toBe(false);
    while (!grant.taken) {
      await pause(grant.waitMs);
      grant = await two.take(1, soon());
    }
    expect(performance.now()).toBeGreaterThan(until - 5);
    expect(performance.now()).toBeLessThan(until + 1_000);
  });

  it('give the next place to the instance that waits longest for one', async () => {
    await using setup = await twoClocks([], 1);
    const [one, two] = setup.clocks;
    const first = await one.take(1, soon());
    expect((await two.take(1, soon())).taken).toBe(false);
    expect((await one.take(1, soon())).taken).toBe(false);
    first.leave();
    // The instance whose own call ended knows first, and is not first.
    expect((await one.take(1, soon())).taken).toBe(false);
    expect((await two.take(1, soon())).taken).toBe(true);
  });

  it('get back the places that came free while Redis did not answer', async () => {
    await using setup = await twoClocks([], 1);
    const [one] = setup.clocks;
    const first = await one.take(1, soon());
    setup.server.freeze();
    first.leave();
    const areShared = (): boolean => one.sharedPlaces !== undefined;
    while (areShared()) await pause(20);
    setup.server.thaw();
    while (!areShared()) await pause(20);
    expect((await one.take(1, soon())).taken).toBe(true);
  });

  it('are each instance’s own while Redis does not answer, and what was taken before still counts', async () => {
    await using setup = await twoClocks(ratesOf({ ...LIMITS, requestsPerSecond: 2 }));
    const [one] = setup.clocks;
    expect((await one.take(1, soon())).taken).toBe(true);
    await setup.server.stop();
    expect((await one.take(1, soon())).taken).toBe(true);
    expect((await one.take(1, soon())).taken).toBe(false);
    expect(setup.local.slots).toBe(1);
  });
});
