import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Agent, request } from 'undici';
import { Database } from '../../src/database/database.js';
import { databaseDown } from '../../src/database/database-down.js';
import { VirtualKeys } from '../../src/keys/virtual-keys.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { generateKey, statusWith, withKey } from '../support/keys.js';

jest.setTimeout(60_000);

let database: TestDatabase;
let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  database = await testDatabase();
  sandbox = await Sandbox.start();
  gateway = await startGateway(sandbox, database.environment);
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  await database[Symbol.asyncDispose]();
});

type Statement = Parameters<Database['query']>;

/** Counts the look-ups of keys among the gateway's statements, and answers them by `query`, for as long as a test needs it. */
function watching(query: (real: Database['query'], ...statement: Statement) => Promise<object[]>) {
  const watched = gateway.get<Database>(Database);
  const real = watched.query;
  let lookUps = 0;
  const instead = (...statement: Statement) => {
    if (statement[0].includes('unnest')) lookUps += 1;
    return query(real, ...statement);
  };
  Object.assign(watched, { query: instead });
  return {
    get lookUps() {
      return lookUps;
    },
    [Symbol.dispose]: () => void Object.assign(watched, { query: real }),
  };
}

const asEver = (real: Database['query'], ...statement: Statement): Promise<object[]> => real(...statement);

/** Refuses so many keys that nobody has seen before, over 200 connections; the statuses of the answers. */
async function tryWrongKeys(count: number): Promise<number[]> {
  const dispatcher = new Agent({ connections: 200 });
  const keys = Array.from({ length: count }, () => `sk-wrong-${randomUUID()}`);
  const statuses = new Set<number>();
  const workers = Array.from({ length: 200 }, async () => {
    for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
      const headers = { authorization: `Bearer ${key}` };
      const { statusCode, body } = await request(`${gateway.url}/v1/models`, { headers, dispatcher });
      await body.dump();
      statuses.add(statusCode);
    }
  });
  await Promise.all(workers);
  await dispatcher.close();
  return [...statuses];
}

const remembered = (): number => gateway.get<VirtualKeys>(VirtualKeys).remembered;

describe('Wrong keys', () => {
  it('10,000 of them cost the database not a twentieth of 10,000 look-ups, and more of them no more memory', async () => {
    using watched = watching(asEver);

    expect(await tryWrongKeys(10_000)).toEqual([401]);

    expect(watched.lookUps).toBeGreaterThan(0);
    expect(watched.lookUps).toBeLessThan(10_000 / 20);
    expect(await tryWrongKeys(2_000)).toEqual([401]);
    expect(remembered()).toBeLessThanOrEqual(10_000);
  });

  it('one after the other cost 20 look-ups a second at most', async () => {
    using watched = watching(asEver);
    const beganAt = performance.now();
    for (let at = 0; at < 20; at += 1) expect(await statusWith(gateway, `sk-wrong-${randomUUID()}`)).toBe(401);
    const seconds = (performance.now() - beganAt) / 1000;

    // The first goes at once.
    expect(watched.lookUps).toBeLessThanOrEqual(1 + 20 * seconds);
  });

  it('that are one and the same are asked for once', async () => {
    await statusWith(gateway, 'sk-the-same-wrong-key-again');
    using watched = watching(asEver);
    for (let at = 0; at < 200; at += 1) {
      expect(await statusWith(gateway, 'sk-the-same-wrong-key-again')).toBe(401);
    }
    expect(watched.lookUps).toBe(0);
  });

  it('do not keep a key from working that is made after it was tried', async () => {
    const key = 'sk-tried-before-it-was-made';
    expect(await statusWith(gateway, key)).toBe(401);
    await generateKey(gateway, { key });
    expect(await statusWith(gateway, key)).toBe(200);
  });
});

describe('A key', () => {
  it('expires by the clock, also while it is remembered', async () => {
    const { key, expires } = await generateKey(gateway, { duration: '1h' });
    const end = Date.parse(String(expires));
    using clock = jest.spyOn(Date, 'now').mockReturnValue(end - 1);
    expect(await statusWith(gateway, key)).toBe(200);
    clock.mockReturnValue(end);
    await expectError(await fetch(`${gateway.url}/v1/models`, withKey(key)), {
      status: 401,
      type: 'expired_key',
      code: 'expired_key',
    });
  });

  it('that is not remembered is answered 503 while the database is down; the master key works', async () => {
    const { key } = await generateKey(gateway);
    using down = watching(() => Promise.reject(databaseDown(new Error('gone'))));
    const response = await fetch(`${gateway.url}/v1/models`, withKey(key));

    expect(down.lookUps).toBe(1);
    expect(response.headers.get('retry-after')).toMatch(/^\d+$/);
    await expectError(response, { status: 503, type: 'no_db_connection', code: 'no_db_connection' });
    expect(await statusWith(gateway, gateway.key)).toBe(200);
  });
});
