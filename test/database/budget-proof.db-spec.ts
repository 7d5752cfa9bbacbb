import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type RecordedRequest, Sandbox } from '../../src/sandbox/sandbox.js';
import { onPostgres, redisUrl, type TestDatabase, testDatabase } from '../support/database.js';
import { GatewayProcess } from '../support/gateway-process.js';

// Gateways are run as built (npm run build): two on PostgreSQL, one on an embedded database, which cannot be shared.
jest.setTimeout(60_000);

/** Vectors, whose simulated pictures are quickly drawn. */
const V3 = { model: 'recraft/recraftv3_vector', dollars: 0.08 };
const V2 = { model: 'recraft/recraftv2_vector', dollars: 0.044 };

let home: TestDatabase;
let sandbox: Sandbox;
let gateways: GatewayProcess[];

beforeEach(async () => {
  home = await testDatabase();
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 10_000_000, latencyMs: 20 });
  gateways = [];
  const environment = { ...home.environment, ...(redisUrl !== undefined && { REDIS_URL: redisUrl }) };
  for (let n = 0; n < (onPostgres ? 2 : 1); n++) gateways.push(await GatewayProcess.start(sandbox, environment));
});

afterEach(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await sandbox.close();
  await home[Symbol.asyncDispose]();
});

const gateway = (n = 0): GatewayProcess => {
  const chosen = gateways[n % gateways.length];
  if (!chosen) throw new Error('No gateway was started.');
  return chosen;
};

async function aKeyWith(maxDollars: number): Promise<string> {
  const answer = await gateway().post('/key/generate', { max_budget: maxDollars });
  return ((await answer.json()) as { key: string }).key;
}

interface Told {
  readonly status: number;
  readonly code: string | undefined;
}

/** Asks for pictures, by turns at each gateway, all at once. */
function askAtOnce(key: string, orders: readonly object[]): Promise<Told[]> {
  return Promise.all(
    orders.map(async (order, n) => {
      const answer = await gateway(n).post('/v1/images/generations', { prompt: 'a fox', ...order }, key);
      const body = (await answer.json()) as { error?: { code: string } };
      return { status: answer.status, code: body.error?.code };
    }),
  );
}

/** What is in the database, once nothing is under way any longer. */
async function books() {
  await Promise.all(gateways.splice(0).map((each) => each.stop()));
  const database = await home.open();
  try {
    const [budget] = await database.query<{ spent: number; reserved: number }>(`select spent_micro_dollars as spent,
      reserved_micro_dollars as reserved from budgets where scope like 'key:%'`);
    const log = await database.query<{ status: string; cost: number; unconfirmed: number; upstream: string | null }>(
      `select status, cost_micro_dollars as cost, unconfirmed_micro_dollars as unconfirmed,
        upstream_request_id as upstream from spend_logs`,
    );
    const open = await database.query('select 1 from dispatches');
    return { budget, log, open: open.length };
  } finally {
    await database.close();
  }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0);
const count = (told: readonly Told[], status: number): number => told.filter((each) => each.status === status).length;
const charged = (requests: readonly RecordedRequest[]) => requests.filter(({ credits }) => credits > 0);

describe('200 requests at once', () => {
  it('on a budget of exactly 37 pictures: 37 reach Recraft, the ledger equals its charges, 163 get 429', async () => {
    const key = await aKeyWith(37 * V3.dollars);

    const told = await askAtOnce(
      key,
      Array.from({ length: 200 }, () => ({ model: V3.model })),
    );

    expect(count(told, 200)).toBe(37);
    expect(told.filter(({ status, code }) => status === 429 && code === 'budget_exceeded')).toHaveLength(163);
    expect(sandbox.requests()).toHaveLength(37);
    const { budget, log, open } = await books();
    expect(sumOf(log.map(({ cost }) => cost))).toBe(sandbox.charges().total * 1_000);
    expect(log.map(({ status }) => status)).toEqual(Array.from({ length: 37 }, () => 'success'));
    expect(budget).toEqual({ spent: 37 * 80_000, reserved: 0 });
    expect(open).toBe(0);
  });

  it('with mixed prices: never more than the budget, never less than would still have had room', async () => {
    const key = await aKeyWith(5);
    const orders = Array.from({ length: 200 }, (_, n) => ({ ...(n % 2 === 0 ? V3 : V2), n: 1 + (n % 3) }));

    const told = await askAtOnce(
      key,
      orders.map(({ model, n }) => ({ model, n })),
    );

    const { budget, log, open } = await books();
    const spent = sandbox.charges().total * 1_000;
    expect(sumOf(log.map(({ cost }) => cost))).toBe(spent);
    expect(budget).toEqual({ spent, reserved: 0 });
    expect(spent).toBeLessThanOrEqual(5_000_000);
    const refused = orders.filter((_, n) => told[n]?.status === 429);
    expect(refused.length + count(told, 200)).toBe(200);
    // Nothing was given back, so what was refused has no room now either.
    for (const { dollars, n } of refused) expect(spent + n * dollars * 1_000_000).toBeGreaterThan(5_000_000);
    expect(open).toBe(0);
  });

  it.each([
    { budget: 'that has room for all', dollars: 1_000, most: 200, fewestRefused: 0, fewestLost: 20 },
    { budget: 'of exactly 37 pictures', dollars: 37 * V3.dollars, most: 37, fewestRefused: 1, fewestLost: 1 },
  ])(
    'a third of which fail, on a budget $budget: what was refused is given back, what may have been charged stays taken',
    async ({ dollars, most, fewestRefused, fewestLost }) => {
      const key = await aKeyWith(dollars);
      sandbox.fault(
        ...Array.from({ length: 200 }, (_, n) => {
          if (n % 9 === 0) return { status: 400, body: { code: 'invalid_request', message: 'no' } };
          if (n % 9 === 3) return { status: 500, body: 'broken' };
          return n % 9 === 6 ? { dropBeforeHeaders: true } : { delayMs: 1 };
        }),
      );

      const told = await askAtOnce(
        key,
        Array.from({ length: 200 }, () => ({ model: V3.model })),
      );

      const { budget, log, open } = await books();
      const rows = Map.groupBy(log, ({ status }) => status);
      const of = (status: string) => rows.get(status) ?? [];
      expect(of('success')).toHaveLength(count(told, 200));
      expect(of('failure')).toHaveLength(count(told, 400));
      expect(of('possibly_charged')).toHaveLength(count(told, 502));
      const noRoom = told.filter(({ code }) => code === 'budget_exceeded').length;
      expect(count(told, 200) + count(told, 400) + count(told, 502) + noRoom).toBe(200);
      expect(noRoom).toBeGreaterThanOrEqual(fewestRefused);
      expect(count(told, 502)).toBeGreaterThanOrEqual(fewestLost);
      expect(count(told, 200) + count(told, 502)).toBeLessThanOrEqual(most);
      expect(sumOf(charged(sandbox.requests()).map(({ credits }) => credits * 1_000))).toBeLessThanOrEqual(
        dollars * 1e6,
      );
      // Each charge that was answered is there to the credit, and every other one is among those in doubt.
      const known = new Map(of('success').map(({ upstream, cost }) => [upstream, cost]));
      const [answered, lost] = [
        charged(sandbox.requests()).filter(({ id }) => known.has(id)),
        charged(sandbox.requests()).filter(({ id }) => !known.has(id)),
      ];
      expect(answered.map(({ id }) => known.get(id))).toEqual(answered.map(({ credits }) => credits * 1_000));
      expect(answered).toHaveLength(of('success').length);
      expect(lost.length).toBeGreaterThan(0);
      expect(lost.length).toBeLessThanOrEqual(of('possibly_charged').length);
      expect(sumOf(lost.map(({ credits }) => credits * 1_000))).toBeLessThanOrEqual(
        sumOf(of('possibly_charged').map(({ unconfirmed }) => unconfirmed)),
      );
      expect(budget).toEqual({ spent: sumOf(log.map(({ cost, unconfirmed }) => cost + unconfirmed)), reserved: 0 });
      expect(open).toBe(0);
    },
  );
});
