import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { hasRedis, RedisServer } from '../support/redis-server.js';

jest.setTimeout(30_000);

const describeWithRedis = hasRedis ? describe : describe.skip;

/** A wait for pictures would be most of a minute. */
const AT_ONCE_MS = 10_000;

let stack = new AsyncDisposableStack();
let redis: RedisServer;
let sandbox: Sandbox;

/** Two instances that share a Redis, in front of a sandbox without limits. */
async function twoInstances(environment: Readonly<Record<string, string>>): Promise<[RunningGateway, RunningGateway]> {
  const start = async () => stack.use(await startGateway(sandbox, { REDIS_URL: redis.url, ...environment }));
  return [await start(), await start()];
}

/** Accounts of one model group `m`, by their names, which are their keys and ids. */
const accounts = (limits: Readonly<Record<string, object>>): Record<string, string> => ({
  MODEL_LIST: JSON.stringify(
    Object.entries(limits).map(([name, limit]) => ({
      model_name: 'm',
      litellm_params: { model: 'recraft/recraftv3', api_key: name, api_base: sandbox.url, ...limit },
      model_info: { id: name },
    })),
  ),
});

async function ask(gateway: RunningGateway, fields: object) {
  const began = performance.now();
  const response = await gateway.post('/v1/images/generations', { prompt: 'a fox', ...fields });
  await response.arrayBuffer();
  return {
    status: response.status,
    by: response.headers.get('x-litellm-model-id'),
    retryAfter: Number(response.headers.get('retry-after')),
    tookMs: performance.now() - began,
  };
}

describeWithRedis('An account that instances share through Redis', () => {
  beforeEach(async () => {
    stack = new AsyncDisposableStack();
    redis = stack.use(await RedisServer.start());
    sandbox = stack.use(await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 }));
  });
  afterEach(() => stack.disposeAsync());

  it('refuses a hopeless wait at once, with the true time, whoever used its pictures', async () => {
    const [one, two] = await twoInstances({ UPSTREAM_IPM: '6' });
    expect(await ask(one, { n: 6 })).toMatchObject({ status: 200 });
    for (const gateway of [two, one, two]) {
      const refused = await ask(gateway, { n: 6, timeout: 40 });
      expect(refused.status).toBe(429);
      expect(refused.tookMs).toBeLessThan(AT_ONCE_MS);
      expect(refused.retryAfter).toBeGreaterThan(55);
    }
  });

  it('gets nothing while its pictures are used up and another account is idle', async () => {
    const [one, two] = await twoInstances(accounts({ small: { ipm: 6 }, large: { ipm: 100 } }));
    const answers = [];
    for (let turn = 0; turn < 4; turn++) {
      answers.push(await ask(one, { model: 'm', n: 3 }), await ask(two, { model: 'm', n: 3 }));
    }
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(Math.max(...answers.map(({ tookMs }) => tookMs))).toBeLessThan(AT_ONCE_MS);
    expect(answers.filter(({ by }) => by === 'small').length).toBeLessThanOrEqual(2);
  });

  it('gives the place that another instance has to a request that can go elsewhere', async () => {
    const [one, two] = await twoInstances(accounts({ first: { ipm: 6 }, second: { ipm: 6 } }));
    const used = [await ask(one, { model: 'm', n: 6 }), await ask(two, { model: 'm', n: 6 })];
    expect(used.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(used.map(({ by }) => by))).toEqual(new Set(['first', 'second']));
    expect(Math.max(...used.map(({ tookMs }) => tookMs))).toBeLessThan(AT_ONCE_MS);
  });

  it('has no more requests under way than max_parallel_requests, and every instance gets its turn', async () => {
    const [one, two] = await twoInstances(accounts({ narrow: { max_parallel_requests: 1 } }));
    sandbox.configure({ latencyMs: 150 });
    const answers = await Promise.all([one, two, one, two, one, one].map((gateway) => ask(gateway, { model: 'm' })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    const stays = sandbox.requests().map(({ receivedAt, answeredAt }) => [receivedAt, answeredAt ?? 'never']);
    expect(stays).toHaveLength(6);
    // Each came after the one before it was answered: in a row they are in order.
    expect(stays.flat()).toEqual(stays.flat().toSorted());
  });
});
