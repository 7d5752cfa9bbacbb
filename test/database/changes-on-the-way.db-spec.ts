import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Database } from '../../src/database/database.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { onPostgres, type TestDatabase, testDatabase } from '../support/database.js';
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
  return { status: response.status, code: codeIn(await response.json()) };
}

const codeIn = (answer: unknown): string | undefined => (answer as { error?: { code: string } }).error?.code;

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

  it.each([
    ['blocked', 401, 'key_blocked', { blocked: true }],
    ['without the model', 403, 'key_model_access_denied', { models: ['recraft/recraftv2'] }],
    ['without the operation', 403, 'key_operation_access_denied', { operations: ['vectorize'] }],
    ['without the route', 403, 'key_route_access_denied', { allowed_routes: ['info_routes'] }],
    ['over its budget', 429, 'budget_exceeded', { max_budget: 0 }],
    ['in a team without money', 429, 'budget_exceeded', { team_id: 'poor' }],
    ['in a team without the model', 403, 'key_model_access_denied', { team_id: 'poor', models: [] }],
  ])('is not sent where its key is %s by then', async (_, status, code, change) => {
    const isNarrow = 'models' in change && change.models.length === 0;
    await administer('/team/new', { team_id: 'poor', max_budget: 0, models: isNarrow ? ['recraft/recraftv2'] : [] });
    const made = await generateKey(gateway);

    const outcome = await orderDuring(made, () => administer('/key/update', { key: made.key, ...change }));

    expect(outcome).toEqual({ status, code });
    expect(sandbox.requests()).toEqual([]);
    await administer('/team/delete', { team_ids: ['poor'] });
  });

  it('is not sent where its team is blocked or its key has expired by then', async () => {
    await administer('/team/new', { team_id: 'blocked' });
    const inTeam = await generateKey(gateway, { team_id: 'blocked' });
    const block = () => administer('/team/update', { team_id: 'blocked', blocked: true });
    expect(await orderDuring(inTeam, block)).toEqual({ status: 401, code: 'key_blocked' });

    const short = await generateKey(gateway, { duration: '1h' });
    const end = Date.parse(String(short['expires']));
    using clock = jest.spyOn(Date, 'now').mockReturnValue(end - 1);
    const expiry = () => Promise.resolve(clock.mockReturnValue(end));
    expect(await orderDuring(short, expiry)).toEqual({ status: 401, code: 'expired_key' });
    expect(sandbox.requests()).toEqual([]);
  });

  it('is sent with what its key has by then', async () => {
    await administer('/team/new', { team_id: 'rich', max_budget: 1 });
    const made = await generateKey(gateway, { max_budget: 0 });

    const change = { key: made.key, team_id: 'rich', max_budget: 1 };
    expect(await orderDuring(made, () => administer('/key/update', change))).toMatchObject({ status: 200 });

    const answer = (await (await gateway.call('/team/info?team_id=rich')).json()) as Record<string, object>;
    expect(answer['team_info']).toMatchObject({ spend: PICTURE, reserved: 0 });
  });
});

// The embedded database serves one gateway.
(onPostgres ? describe : describe.skip)('Requests that wait for their turn', () => {
  it.each([
    ['blocked', 'key_blocked', (key: string) => administer('/key/block', { key })],
    ['deleted', 'invalid_api_key', (key: string) => administer('/key/delete', { keys: [key] })],
  ])('are not sent once their key is %s, and pay nothing', async (_, code, change) => {
    await using slow = await startGateway(sandbox, { ...database.environment, UPSTREAM_RPS: '2' });
    const { key } = await generateKey(gateway);
    const orders = Array.from({ length: 8 }, async () => {
      const body = { prompt: 'a fox', model: 'recraft/recraftv3' };
      const response = await slow.post('/v1/images/generations', body, withKey(key));
      return { status: response.status, code: codeIn(await response.json()) };
    });
    await Promise.race(orders);

    await change(key);

    const outcomes = await Promise.all(orders);
    const served = outcomes.filter(({ status }) => status === 200).length;
    expect(served).toBeLessThanOrEqual(4);
    expect(outcomes.filter((each) => each.code === code)).toHaveLength(8 - served);
    expect(sandbox.requests()).toHaveLength(served);
    expect(await gateway.get<Database>(Database).query('select 1 from dispatches')).toEqual([]);
  });
});
