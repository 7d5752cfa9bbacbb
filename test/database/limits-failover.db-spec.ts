import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { Redis as Client } from 'ioredis';
import { Redis } from '../../src/redis/redis.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { withKey } from '../support/keys.js';
import { leastMs } from '../support/least-ms.js';
import { hasRedis, RedisServer } from '../support/redis-server.js';

jest.setTimeout(30_000);

const describeWithRedis = hasRedis ? describe : describe.skip;

const draw = async (gateway: RunningGateway): Promise<number> => {
  const response = await gateway.post('/v1/images/generations', { prompt: 'a fox' }, withKey('sk-two'));
  await response.arrayBuffer();
  return response.status;
};

const failedOver = async (gateway: RunningGateway): Promise<number> => {
  const metrics = await (await gateway.call('/metrics')).text();
  return Number(/^recraft_gateway_limits_failed_over_total (\d+)$/m.exec(metrics)?.[1]);
};

/** A Redis of its own, and a gateway that counts there what one key with these limits does. */
async function start(limits: object) {
  const stack = new AsyncDisposableStack();
  const redis = stack.use(await RedisServer.start());
  const sandbox = stack.use(await Sandbox.start({ requestsPerSecond: 1_000 }));
  const keys = JSON.stringify([{ key: 'sk-two', ...limits }]);
  const gateway = stack.use(await startGateway(sandbox, { REDIS_URL: redis.url, API_KEYS: keys, LOG_LEVEL: 'warn' }));
  return { redis, gateway, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** Waits until the gateway's connection is up, or down. */
async function until(gateway: RunningGateway, isUp: boolean): Promise<void> {
  while (gateway.get<Redis>(Redis).isUp !== isUp) await pause(10);
}

describeWithRedis('Limits while Redis is away', () => {
  it('are kept by each process for itself, with a metric and one line, and together again afterwards', async () => {
    await using started = await start({ rpm_limit: 2 });
    const { redis, gateway } = started;
    expect([await draw(gateway), await draw(gateway), await draw(gateway)]).toEqual([200, 200, 429]);
    expect(await failedOver(gateway)).toBe(0);

    await redis.stop();
    await until(gateway, false);
    expect([await draw(gateway), await draw(gateway), await draw(gateway)]).toEqual([200, 200, 429]);
    expect(await failedOver(gateway)).toBe(3);
    expect(gateway.log.filter((line) => line.includes('Redis'))).toHaveLength(1);

    // A Redis that was started anew has forgotten the minute, as a process has.
    await redis.start();
    await until(gateway, true);
    expect([await draw(gateway), await draw(gateway), await draw(gateway)]).toEqual([200, 200, 429]);
    expect(await failedOver(gateway)).toBe(3);
  });

  it('hold no request up for long where Redis hangs', async () => {
    await using started = await start({ rpm_limit: 10 });
    const { redis, gateway } = started;
    redis.freeze();
    const drawingMs = async (): Promise<number> => {
      const begin = performance.now();
      expect(await draw(gateway)).toBe(200);
      return performance.now() - begin;
    };
    expect(await drawingMs()).toBeLessThan(3_000);
    // It is known by now: the next waits for no patience of a second.
    expect(await leastMs(900, drawingMs)).toBeLessThan(900);
    redis.thaw();
  });

  it('hold no place for a request that Redis hung over, once it goes on', async () => {
    await using started = await start({ max_parallel_requests: 1 });
    const { redis, gateway } = started;
    expect(await draw(gateway)).toBe(200);
    redis.freeze();
    expect(await draw(gateway)).toBe(200);
    redis.thaw();

    // It lets in what it was sent before: a lease that nobody gives back lasts for thirty seconds.
    const client = new Client(redis.url);
    const lease = `image-gateway:limits:key:${hash('sha256', 'sk-two')}:leases`;
    while ((await client.zcard(lease)) === 0) await pause(1);
    const begin = performance.now();
    while ((await client.zcard(lease)) > 0) await pause(10);
    expect(performance.now() - begin).toBeLessThan(15_000);
    client.disconnect();
  });
});
