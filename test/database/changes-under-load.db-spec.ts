import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Database } from '../../src/database/database.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { onPostgres, type TestDatabase, testDatabase } from '../support/database.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { type NewKey, withKey } from '../support/keys.js';

jest.setTimeout(60_000);

const PICTURE = 0.04;
const MICRO = 40_000;
const ORDERS = 200;
const MOST = 37;
/** Of the orders, those that begin when the change is done. */
const AFTER = 20;

let home: TestDatabase;
let sandbox: Sandbox;
/** Two on PostgreSQL, one on an embedded database, which cannot be shared. */
let gateways: RunningGateway[];

beforeAll(async () => {
  home = await testDatabase();
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 10_000_000, latencyMs: 20 });
  gateways = [];
  for (let n = 0; n < (onPostgres ? 2 : 1); n++) gateways.push(await startGateway(sandbox, home.environment));
});

beforeEach(async () => {
  sandbox.reset();
  await gateway().get<Database>(Database).query('truncate budgets, dispatches, spend_logs, keys, teams cascade');
});

afterAll(async () => {
  await Promise.all(gateways.map((each) => each.close()));
  await sandbox.close();
  await home[Symbol.asyncDispose]();
});

const gateway = (n = 0): RunningGateway => {
  const chosen = gateways[n % gateways.length];
  if (!chosen) throw new Error('No gateway was started.');
  return chosen;
};

async function administer(path: string, body: object): Promise<NewKey> {
  const response = await gateway().post(path, body);
  expect(response.status).toBe(200);
  return (await response.json()) as NewKey;
}

/** Orders by turns at each gateway, all at once, with a change in their midst. Answers how many had which status. */
async function statusesAround(key: string, change: () => Promise<unknown>): Promise<Record<number, number>> {
  const order = async (n: number): Promise<number> => {
    const body = { prompt: 'a fox', model: 'recraft/recraftv3' };
    const answer = await gateway(n).post('/v1/images/generations', body, withKey(key));
    await answer.body?.cancel();
    return answer.status;
  };
  const some = (count: number) => Array.from({ length: count }, (_, n) => order(n));
  // The first go out, and the change as soon as one of them is served: the others are anywhere on their way then.
  const first = some(MOST - 10);
  await Promise.race(first);
  const changed = change();
  const during = some(ORDERS - first.length - AFTER);
  await changed;
  const statuses = await Promise.all([...first, ...during, ...some(AFTER)]);
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

interface Books {
  readonly spent: number;
  readonly reserved: number;
}

/** What is in the database. */
async function books() {
  const database = gateway().get<Database>(Database);
  const budgets = await database.query<Books>(`select spent_micro_dollars as spent,
    reserved_micro_dollars as reserved from budgets where scope like 'key:%'`);
  const [log] = await database.query<{ cost: number }>(
    'select coalesce(sum(cost_micro_dollars), 0)::bigint as cost from spend_logs',
  );
  const open = await database.query('select 1 from dispatches');
  return { budgets, cost: log?.cost, open: open.length };
}

describe('200 requests at once on a budget of 37 pictures', () => {
  const full = { spent: MOST * MICRO, reserved: 0 };

  it.each([
    [
      'regenerated twice',
      async (key: string) => {
        const { key: between } = await administer('/key/regenerate', { key, grace_period: '1h' });
        await administer('/key/regenerate', { key: between, grace_period: '1h' });
      },
    ],
    [
      'updated, its budget included',
      async (key: string) => {
        await administer('/key/update', { key, max_budget: MOST * PICTURE, metadata: { changed: true } });
        await administer('/key/update', { key, soft_budget: PICTURE });
      },
    ],
  ])('of a key that is %s meanwhile: exactly 37 reach Recraft, and all are in its budget', async (_, change) => {
    const { key } = await administer('/key/generate', { max_budget: MOST * PICTURE });

    expect(await statusesAround(key, () => change(key))).toEqual({ 200: MOST, 429: ORDERS - MOST });

    expect(sandbox.requests()).toHaveLength(MOST);
    expect(await books()).toEqual({ budgets: [full], cost: sandbox.charges().total * 1_000, open: 0 });
  });

  it('of a key that is deleted meanwhile: never more than 37, and all of them are in the log', async () => {
    const { key } = await administer('/key/generate', { max_budget: MOST * PICTURE });

    const statuses = await statusesAround(key, () => administer('/key/delete', { keys: [key] }));

    const { 200: served = 0, 401: gone = 0, 429: refused = 0 } = statuses;
    expect(served + gone + refused).toBe(ORDERS);
    expect(served).toBeLessThanOrEqual(MOST);
    expect(gone).toBeGreaterThanOrEqual(AFTER);
    expect(sandbox.requests()).toHaveLength(served);
    expect(await books()).toEqual({ budgets: [], cost: sandbox.charges().total * 1_000, open: 0 });
  });

  it('of a team that is deleted and made anew meanwhile: the new one owes nothing of the old one', async () => {
    await administer('/team/new', { team_id: 't', max_budget: MOST * PICTURE });
    const { key } = await administer('/key/generate', { team_id: 't' });

    const statuses = await statusesAround(key, async () => {
      await administer('/team/delete', { team_ids: ['t'] });
      await administer('/team/new', { team_id: 't', max_budget: PICTURE });
    });

    const { 200: served = 0 } = statuses;
    expect(served).toBeLessThanOrEqual(MOST);
    expect(sandbox.requests()).toHaveLength(served);
    const answer = await gateway().call('/team/info?team_id=t');
    expect(await answer.json()).toMatchObject({ team_info: { spend: 0, reserved: 0 } });
    expect(await books()).toEqual({ budgets: [], cost: sandbox.charges().total * 1_000, open: 0 });
  });

  it('of a key that has moved to a team without money: none is sent any more, at whichever replica', async () => {
    await administer('/team/new', { team_id: 'rich' });
    await administer('/team/new', { team_id: 'poor', max_budget: 0 });
    const { key } = await administer('/key/generate', { team_id: 'rich' });

    const move = () => administer('/key/update', { key, team_id: 'poor' });
    const { 200: served = 0, 429: refused = 0 } = await statusesAround(key, move);

    expect(served + refused).toBe(ORDERS);
    expect(refused).toBeGreaterThanOrEqual(AFTER);
    expect(sandbox.requests()).toHaveLength(served);
    const spent = { spent: served * MICRO, reserved: 0 };
    expect(await books()).toEqual({ budgets: [spent], cost: sandbox.charges().total * 1_000, open: 0 });
  });
});

(onPostgres ? describe : describe.skip)('A team that is deleted', () => {
  it('waits for the budgets of its keys in the order of their names, as the ledger does', async () => {
    const database = gateway().get<Database>(Database);
    const { team_id } = (await administer('/team/new', {})) as unknown as { team_id: string };
    // Enough that the order in which they were made is not that of their names.
    for (let n = 0; n < 12; n++) await administer('/key/generate', { team_id });
    const scopes = await database.query<{ scope: string }>(
      "select scope from budgets where scope like 'key:%' order by scope",
    );
    const waiting = () =>
      database.query("select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%budgets%'");

    let deleting: Promise<unknown> | undefined;
    await database.transaction(async (query) => {
      await query('select 1 from budgets where scope = $1 for update', [scopes[0]?.scope]);
      deleting = administer('/team/delete', { team_ids: [team_id] });
      while ((await waiting()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      // Whoever waits for the first holds no other: the ledger, which has the first, can have all of them.
      const free = await query("select 1 from budgets where scope like 'key:%' for update skip locked");
      expect(free).toHaveLength(scopes.length);
    });
    await deleting;
    expect(await database.query("select 1 from budgets where scope like 'key:%'")).toEqual([]);
  });
});
