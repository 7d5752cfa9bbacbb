import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { pino } from 'pino';
import type { Limits } from '../../src/keys/caller.js';
import type { Demand, LimitedScope } from '../../src/limits/limiter.js';
import { SharedLimiter } from '../../src/limits/shared-limiter.js';
import { RedisScript } from '../../src/redis/redis.js';
import { RedisConnection } from '../../src/redis/redis-connection.js';
import { hasRedis, RedisServer } from '../support/redis-server.js';

jest.setTimeout(30_000);

const describeWithRedis = hasRedis ? describe : describe.skip;

const WINDOW_MS = 1_000;

/** A Redis, and as many replicas' limiters as a test wants. */
async function replicas(count: number, { leaseMs = 10_000 } = {}) {
  const server = await RedisServer.start();
  const connections = Array.from(
    { length: count },
    () => new RedisConnection({ url: server.url, keyPrefix: 'test:' }, pino({ level: 'silent' })),
  );
  await Promise.all(connections.map(({ settled }) => settled));
  const limiters = connections.map((connection) => new SharedLimiter(connection, WINDOW_MS, leaseMs));
  return {
    server,
    connections,
    limiters,
    async [Symbol.asyncDispose]() {
      for (const limiter of limiters) limiter[Symbol.dispose]();
      for (const connection of connections) connection.onApplicationShutdown();
      await server.stop();
    },
  };
}

let ids = 0;

function demand(limits: Limits, { images = 1, others = [] as LimitedScope[] } = {}): Demand {
  ids += 1;
  return { id: `req_${ids}`, images, scopes: [{ name: 'key:k', limits }, ...others] };
}

describeWithRedis('Limits shared through Redis', () => {
  it('count requests of both replicas, say what is left, and let the next in when they said', async () => {
    await using setup = await replicas(2);
    const [one, two] = setup.limiters as [SharedLimiter, SharedLimiter];
    const limits = { requestsPerMinute: 2 };

    expect((await one.enter(demand(limits))).standings).toEqual([
      { requests: { left: 1, resetMs: expect.any(Number) as unknown }, images: undefined },
    ]);
    expect((await two.enter(demand(limits))).refusal).toBeUndefined();
    const { refusal } = await one.enter(demand(limits));
    expect(refusal).toMatchObject({ scope: { name: 'key:k' }, limit: 'requestsPerMinute' });
    expect(refusal?.waitMs).toBeLessThanOrEqual(WINDOW_MS);
    await pause(refusal?.waitMs);
    expect((await two.enter(demand(limits))).refusal).toBeUndefined();
  });

  it('count pictures by the picture', async () => {
    await using setup = await replicas(2);
    const [one, two] = setup.limiters as [SharedLimiter, SharedLimiter];
    const limits = { imagesPerMinute: 10 };

    expect((await one.enter(demand(limits, { images: 6 }))).refusal).toBeUndefined();
    const { refusal } = await two.enter(demand(limits, { images: 5 }));
    expect(refusal).toMatchObject({ limit: 'imagesPerMinute' });
    expect(await two.enter(demand(limits, { images: 4 }))).toMatchObject({
      refusal: undefined,
      standings: [{ images: { left: 0 } }],
    });
    expect((await one.enter(demand(limits, { images: 0 }))).refusal).toBeUndefined();
    await pause(refusal?.waitMs);
    expect((await two.enter(demand(limits, { images: 5 }))).refusal).toBeUndefined();
  });

  it('count key and team together, or not at all where one refuses', async () => {
    await using setup = await replicas(1);
    const [one] = setup.limiters as [SharedLimiter];
    const others = [{ name: 'team:t', limits: { requestsPerMinute: 1 } }];

    expect((await one.enter(demand({ requestsPerMinute: 5 }, { others }))).refusal).toBeUndefined();
    expect((await one.enter(demand({ requestsPerMinute: 5 }, { others }))).refusal).toMatchObject({
      scope: { name: 'team:t' },
    });
    expect((await one.enter(demand({ requestsPerMinute: 5 }))).standings).toMatchObject([{ requests: { left: 3 } }]);
  });

  it('count no more of what is given back, and all of the rest', async () => {
    await using setup = await replicas(2);
    const [one, two] = setup.limiters as [SharedLimiter, SharedLimiter];
    const limits = { requestsPerMinute: 5, imagesPerMinute: 10 };
    const left = async (limiter: SharedLimiter, images: number) => {
      const { refusal, standings } = await limiter.enter(demand(limits, { images }));
      return refusal?.limit ?? [standings[0]?.requests?.left, standings[0]?.images?.left];
    };
    const [first, second, third] = [3, 4, 2].map((images) => demand(limits, { images }));
    if (!first || !second || !third) throw new Error('There are three.');
    const times = [await one.enter(first), await one.enter(second), await one.enter(third)].map(({ at }) => at);

    one.giveBack(second, times[1] ?? 0, 'images');
    expect(await left(one, 5)).toEqual([1, 0]);
    expect(await left(two, 1)).toBe('imagesPerMinute');
    one.giveBack(first, times[0] ?? 0, 'everything');
    expect(await left(one, 3)).toEqual([1, 0]);
    one.giveBack(second, times[1] ?? 0, 'images');
    expect(await left(one, 1)).toBe('imagesPerMinute');
    one.giveBack(third, times[2] ?? 0, 'everything');
    expect(await left(one, 2)).toEqual([1, 0]);
  });

  it('free a place when its request is over', async () => {
    await using setup = await replicas(2);
    const [one, two] = setup.limiters as [SharedLimiter, SharedLimiter];
    const limits = { parallelRequests: 1 };
    const first = demand(limits);

    expect((await one.enter(first)).refusal).toBeUndefined();
    expect((await two.enter(demand(limits))).refusal).toMatchObject({ limit: 'parallelRequests', waitMs: 1_000 });
    one.leave(first);
    expect((await one.enter(demand(limits))).refusal).toBeUndefined();
  });

  it('keep the place of a long request, and free those of a replica that died', async () => {
    await using setup = await replicas(2, { leaseMs: 1_000 });
    const [one, two] = setup.limiters as [SharedLimiter, SharedLimiter];
    const limits = { parallelRequests: 1 };

    await one.enter(demand(limits));
    await pause(3_000);
    expect((await two.enter(demand(limits))).refusal).toMatchObject({ limit: 'parallelRequests' });
    one[Symbol.dispose]();
    setup.connections[0]?.onApplicationShutdown();
    await pause(1_300);
    expect((await two.enter(demand(limits))).refusal).toBeUndefined();
  });

  it('are exact under 500 connections on two replicas: never more and never less', async () => {
    await using setup = await replicas(2);
    const [one, two] = setup.limiters as [SharedLimiter, SharedLimiter];
    const limits = { requestsPerMinute: 40, imagesPerMinute: 1_000, parallelRequests: 1_000 };
    const windows = 3;
    let admitted = 0;
    const begin = performance.now();
    const isOn = (): boolean => performance.now() - begin < windows * WINDOW_MS - 200;
    const ask = async (limiter: SharedLimiter): Promise<void> => {
      while (isOn()) {
        const request = demand(limits);
        const { refusal } = await limiter.enter(request);
        if (!refusal) {
          admitted += 1;
          limiter.leave(request);
        }
        await pause(20);
      }
    };
    await Promise.all(Array.from({ length: 500 }, (_, at) => ask(at % 2 === 0 ? one : two)));

    expect(performance.now() - begin).toBeLessThan(windows * WINDOW_MS);
    expect(admitted).toBe(40 * windows);
  });

  it('leave nothing behind in Redis', async () => {
    await using setup = await replicas(1, { leaseMs: 300 });
    const [one] = setup.limiters as [SharedLimiter];
    const first = demand({ requestsPerMinute: 5, imagesPerMinute: 5, parallelRequests: 5 });
    await one.enter(first);
    one.leave(first);
    // Redis deletes what is over in its own time.
    const keys = new RedisScript("return redis.call('DBSIZE')");
    const until = performance.now() + 5 * WINDOW_MS;
    const left = () => setup.connections[0]?.run(keys, [], []);
    while ((await left()) !== 0 && performance.now() < until) await pause(50);
    expect(await left()).toBe(0);
  });
});
