import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { generateKey, type NewKey, withKey } from '../support/keys.js';
import { SlowOrder } from '../support/slow-order.js';

jest.setTimeout(30_000);

const PICTURE = 0.04;

let database: TestDatabase;
let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  database = await testDatabase();
  sandbox = await Sandbox.start({ requestsPerSecond: 10_000, imagesPerMinute: 100_000 });
  gateway = await startGateway(sandbox, database.environment);
});

beforeEach(() => {
  sandbox.reset();
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  await database[Symbol.asyncDispose]();
});

async function administer(path: string, body: object): Promise<Record<string, unknown>> {
  const response = await gateway.post(path, body);
  const answer = (await response.json()) as Record<string, unknown>;
  expect({ status: response.status, answer }).toEqual({ status: 200, answer });
  return answer;
}

async function order(key: string, fields: object = {}): Promise<{ status: number; code: string | undefined }> {
  const body = { prompt: 'a fox', model: 'recraft/recraftv3', ...fields };
  const response = await gateway.post('/v1/images/generations', body, withKey(key));
  return { status: response.status, code: ((await response.json()) as { error?: { code: string } }).error?.code };
}

/** Begins an order, changes something while its body is on its way, and answers what becomes of the order. */
async function orderDuring(made: NewKey, change: () => Promise<unknown>) {
  const slow = await SlowOrder.begin(gateway, made.key);
  await change();
  return slow.finish();
}

describe('A request whose body is on its way', () => {
  const FULL = { status: 429, code: 'budget_exceeded' };
  const GONE = { status: 401, code: 'invalid_api_key' };

  it('counts against the budget of its key though that is regenerated meanwhile', async () => {
    const made = await generateKey(gateway, { max_budget: PICTURE });
    expect(await order(made.key)).toMatchObject({ status: 200 });

    let renewed: Record<string, unknown> = {};
    const outcome = await orderDuring(made, async () => {
      renewed = await administer('/key/regenerate', { key: made.key, grace_period: '1h' });
    });

    expect(outcome).toEqual(FULL);
    expect(await order(made.key)).toEqual(FULL);
    expect(await order(String(renewed['key']))).toEqual(FULL);
    expect(renewed).toMatchObject({ spend: PICTURE, max_budget: PICTURE });
    expect(sandbox.requests()).toHaveLength(1);
  });

  it('is not sent where its key is deleted meanwhile, whatever its budget', async () => {
    for (const budget of [{ max_budget: 0 }, {}]) {
      const made = await generateKey(gateway, budget);
      expect(await orderDuring(made, () => administer('/key/delete', { keys: [made.key] }))).toEqual(GONE);
    }
    expect(sandbox.requests()).toEqual([]);
  });

  it('is not sent where its team is deleted meanwhile', async () => {
    await administer('/team/new', { team_id: 'ended', max_budget: 0 });
    const made = await generateKey(gateway, { team_id: 'ended' });

    expect(await orderDuring(made, () => administer('/team/delete', { team_ids: ['ended'] }))).toEqual(GONE);
    expect(sandbox.requests()).toEqual([]);
  });
});
