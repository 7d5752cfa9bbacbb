import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../../src/database/database.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { BookWatch } from '../../src/spend/book-watch.js';
import { SpendMetrics } from '../../src/spend/spend-metrics.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { silent, type TestDatabase, testDatabase } from '../support/database.js';
import { startGateway } from '../support/gateway.js';
import { aCall, aCaller, aCharge, LedgerOn } from '../support/ledger.js';

const PRICE = 40_000;

let made: TestDatabase;

beforeEach(async () => {
  made = await testDatabase();
});

afterEach(async () => {
  await made[Symbol.asyncDispose]();
});

describe('The books in the metrics', () => {
  let database: Database;
  let on: LedgerOn;
  let metrics: Metrics;
  let watch: BookWatch;

  beforeEach(async () => {
    database = await made.open();
    on = new LedgerOn(database);
    metrics = new Metrics(() => true);
    watch = new BookWatch(database, new SpendMetrics(metrics), silent);
  });

  afterEach(() => database.close());

  /** The figures, looked up anew. */
  async function figures(): Promise<Record<string, number>> {
    await watch.look();
    const text = await metrics.registry.metrics();
    const lines = text.matchAll(/^recraft_gateway_((?:budgets|reservations)_\w+) (\S+)$/gm);
    return Object.fromEntries(Array.from(lines, ([, name = '', value]) => [name, Number(value)]));
  }

  it('are not there before somebody has looked', async () => {
    expect(await metrics.registry.metrics()).not.toMatch(/^recraft_gateway_reservations_open \d/m);
  });

  it('tell which budgets are near their end, and which have come to it', async () => {
    await on.budgets.define('key:far', { maxMicroDollars: 100 * PRICE });
    await on.budgets.define('key:near', { maxMicroDollars: 1.1 * PRICE });
    await on.budgets.define('key:over', { maxMicroDollars: PRICE });
    await on.budgets.define('key:endless', {});
    expect(await figures()).toMatchObject({ budgets_near_end: 0, budgets_exhausted: 0 });

    const scopes = ['key:far', 'key:near', 'key:over', 'key:endless'];
    const reservation = await on.ledger.reserve(aCall(aCaller(scopes), PRICE));
    expect(await figures()).toMatchObject({ budgets_near_end: 1, budgets_exhausted: 1, reservations_open: 1 });
    await reservation.settle(aCharge(PRICE));

    expect(await figures()).toEqual({
      budgets_near_end: 1,
      budgets_exhausted: 1,
      reservations_open: 0,
      reservations_overdue: 0,
      reservations_leaked_dollars: 0,
    });
  });

  it('tell of requests that nobody writes off, and of money reserved for none', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: 100 * PRICE });
    await on.ledger.reserve(aCall(aCaller(['key:a']), PRICE));
    await database.query(`update dispatches set deadline = now() - interval '2 minutes'`, []);
    expect(await figures()).toMatchObject({ reservations_overdue: 1, reservations_leaked_dollars: 0 });

    await database.query('delete from dispatches', []);
    expect(await figures()).toMatchObject({ reservations_overdue: 0, reservations_leaked_dollars: 0.04 });
  });

  it('are not there while the database is not', async () => {
    await figures();
    await database.close();

    expect(await figures()).toEqual({});
  });

  it('count the requests that a budget refused, by whose it was', async () => {
    await on.budgets.define('team:t', { maxMicroDollars: 0 });
    await on.budgets.define('key:a', { maxMicroDollars: 0 });
    for (const scope of ['team:t', 'key:a', 'key:a']) {
      await expect(on.ledger.reserve(aCall(aCaller([scope]), PRICE))).rejects.toMatchObject({
        fault: 'budgetExceeded',
      });
    }
    const text = await on.metrics.registry.metrics();

    expect(text).toContain('recraft_gateway_budgets_refused_total{scope="team"} 1\n');
    expect(text).toContain('recraft_gateway_budgets_refused_total{scope="key"} 2\n');
  });
});

describe('/log-level', () => {
  it('is in the audit log', async () => {
    await using sandbox = await Sandbox.start();
    await using gateway = await startGateway(sandbox, { ...made.environment, LOG_LEVEL: 'silent' });
    const body = JSON.stringify({ level: 'warn' });
    const headers = { 'content-type': 'application/json' };
    expect((await gateway.call('/log-level', { method: 'PUT', headers, body })).status).toBe(200);

    expect(await (await gateway.call('/audit?action=log.level')).json()).toMatchObject({
      total: 1,
      data: [{ actor: 'master', subject: 'instance', before: { level: 'silent' }, after: { level: 'warn' } }],
    });
  });
});
