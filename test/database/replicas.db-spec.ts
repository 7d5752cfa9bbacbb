import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { onPostgres, redisUrl, type TestDatabase, testDatabase } from '../support/database.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { leastMs } from '../support/least-ms.js';
import { statusesUnder } from '../support/load.js';
import { type NewKey, statusWith } from '../support/keys.js';

jest.setTimeout(60_000);

/** Two processes cannot share an embedded database, and without Redis each counts for itself. */
const describeReplicas = onPostgres && redisUrl !== undefined ? describe : describe.skip;

describeReplicas('Two replicas', () => {
  let database: TestDatabase;
  let sandbox: Sandbox;
  let one: GatewayProcess;
  let two: GatewayProcess;

  beforeAll(async () => {
    database = await testDatabase();
    sandbox = await Sandbox.start({ requestsPerSecond: 10_000, imagesPerMinute: 100_000 });
    const environment = {
      ...database.environment,
      REDIS_URL: redisUrl ?? '',
      REDIS_KEY_PREFIX: `replicas-${process.pid}-${Date.now()}:`,
      // A replica that loses Redis counts for itself: then whoever reads a failure wants to know why.
      LOG_LEVEL: 'error',
    };
    one = await GatewayProcess.start(sandbox, environment, 2);
    two = await GatewayProcess.start(sandbox, environment, 2);
  });

  afterAll(async () => {
    await one[Symbol.asyncDispose]();
    await two[Symbol.asyncDispose]();
    await sandbox.close();
    await database[Symbol.asyncDispose]();
  });

  const administer = async (path: string, body: unknown): Promise<NewKey> => {
    const response = await one.post(path, body);
    expect(response.status).toBe(200);
    return (await response.json()) as NewKey;
  };

  /** Milliseconds until the other replica answers a key as expected. */
  const delayUntil = async (key: string, status: number): Promise<number> => {
    const begin = performance.now();
    while ((await statusWith(two, key)) !== status) if (performance.now() - begin > 5_000) break;
    return performance.now() - begin;
  };

  /** A key that the other replica has just used, and remembers. */
  const usedKey = async (fields: object = {}): Promise<NewKey> => {
    const made = await administer('/key/generate', fields);
    expect(await statusWith(two, made.key)).toBe(200);
    expect(await statusWith(two, made.key)).toBe(200);
    return made;
  };

  it.each([
    ['blocked', 401, (key: string) => administer('/key/block', { key })],
    ['deleted', 401, (key: string) => administer('/key/delete', { keys: [key] })],
    ['changed', 403, (key: string) => administer('/key/update', { key, allowed_routes: ['/v1/images/*'] })],
    ['regenerated', 401, (key: string) => administer('/key/regenerate', { key })],
  ])('refuse a key that was %s at the other within a second', async (_, status, change) => {
    const delay = async (): Promise<number> => {
      const { key } = await usedKey();
      await change(key);
      return delayUntil(key, status);
    };
    expect(await leastMs(1_000, delay)).toBeLessThan(1_000);
  });

  it('refuse the keys of a team that was blocked at the other within a second', async () => {
    const delay = async (): Promise<number> => {
      const { team_id } = await administer('/team/new', {});
      const { key } = await usedKey({ team_id });
      await administer('/team/update', { team_id, blocked: true });
      return delayUntil(key, 401);
    };
    expect(await leastMs(1_000, delay)).toBeLessThan(1_000);
  });

  it('do so without the notifications too', async () => {
    const client = new pg.Client({ connectionString: database.environment['DATABASE_URL'] });
    await client.connect();
    const delay = async (): Promise<number> => {
      const { key, token } = await usedKey();
      // A change that is counted, and of which nobody is told.
      await client.query(
        'with c as (update key_changes set number = number + 1 returning 1) update keys set blocked = true where token = $1',
        [token],
      );
      return delayUntil(key, 401);
    };
    expect(await leastMs(1_000, delay)).toBeLessThan(1_000);
    await client.end();
  });

  it('accept a key at once that was made at the other', async () => {
    for (let at = 0; at < 20; at += 1) {
      const { key } = await administer('/key/generate', {});
      expect(await statusWith(two, key)).toBe(200);
    }
  });

  /** Resolves once both replicas have Redis: without it each of them counts for itself, as it should. */
  const haveRedis = async (): Promise<void> => {
    for (const replica of [one, two]) {
      const isUp = async () => (await (await replica.get('/metrics')).text()).includes('recraft_gateway_redis_up 1');
      while (!(await isUp())) await new Promise(setImmediate);
    }
  };

  /** Requests that each of them had to count alone. */
  const countedAlone = async (): Promise<number> => {
    const texts = await Promise.all([one, two].map(async (replica) => (await replica.get('/metrics')).text()));
    const figures = texts.map((text) => Number(/^recraft_gateway_limits_failed_over_total (\d+)$/m.exec(text)?.[1]));
    return figures.reduce((sum, figure) => sum + figure, 0);
  };

  it('let in exactly as many requests together as the limit says, under 500 connections', async () => {
    const { key } = await administer('/key/generate', { rpm_limit: 41 });
    await haveRedis();
    const statuses = await statusesUnder(500, 1_000, [one.url, two.url], key, { prompt: 'a fox' });
    expect({ statuses, alone: await countedAlone() }).toEqual({ statuses: { 200: 41, 429: 959 }, alone: 0 });
  });

  it('let in exactly as many pictures of a team together', async () => {
    await administer('/team/new', { team_id: 'pictures', ipm_limit: 60 });
    const { key } = await administer('/key/generate', { team_id: 'pictures' });
    await haveRedis();
    const statuses = await statusesUnder(100, 300, [one.url, two.url], key, { prompt: 'a fox', n: 3 });
    expect(statuses).toEqual({ 200: 20, 429: 280 });
  });

  it('let in exactly as many requests at a time together', async () => {
    const { key } = await administer('/key/generate', { max_parallel_requests: 4 });
    sandbox.configure({ latencyMs: 2_000 });
    await haveRedis();
    expect(await statusesUnder(20, 20, [one.url, two.url], key, { prompt: 'a fox' })).toEqual({ 200: 4, 429: 16 });
    sandbox.configure({ latencyMs: 0 });
    expect(await statusesUnder(4, 4, [one.url, two.url], key, { prompt: 'a fox' })).toEqual({ 200: 4 });
  });
});
