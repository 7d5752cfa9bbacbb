import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Database } from '../../src/database/database.js';
import { BudgetsChanged, type Reservation } from '../../src/spend/ledger.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { aCall, aCaller, aCharge, LedgerOn } from '../support/ledger.js';

jest.setTimeout(30_000);

const PRICE = 40_000;

let home: TestDatabase;
let database: Database;
let on: LedgerOn;

beforeAll(async () => {
  home = await testDatabase();
  database = await home.open();
});

beforeEach(async () => {
  await database.query('truncate budgets, dispatches, spend_logs');
  on = new LedgerOn(database);
});

afterAll(async () => {
  await database.close();
  await home[Symbol.asyncDispose]();
});

const dispatches = async () => (await database.query('select 1 from dispatches')).length;

describe('A request', () => {
  it('is on record before it is sent, and its charge when it is settled', async () => {
    const call = Object.assign(aCall(aCaller([]), PRICE, 2), { endUser: 'ann', tags: ['t1', 't2'] });

    const reservation = await on.ledger.reserve(call);
    expect(await dispatches()).toBe(1);
    await reservation.settle(aCharge(35_000, 2));

    expect(await dispatches()).toBe(0);
    expect(await on.log()).toEqual([
      {
        request_id: call.id,
        status: 'success',
        fault: null,
        images: 2,
        credits: 35,
        cost: 35_000,
        unconfirmed: 0,
        is_priced: true,
        upstream: 'up',
        end_user: 'ann',
        tags: ['t1', 't2'],
      },
    ]);
  });

  it('costs its price where the provider did not say', async () => {
    await (await on.ledger.reserve(aCall(aCaller([]), PRICE))).settle(aCharge(undefined));

    expect(await on.log()).toMatchObject([{ cost: PRICE, credits: null }]);
  });

  it('that was refused costs nothing, and one that failed in doubt is kept as such', async () => {
    await (await on.ledger.reserve(aCall(aCaller([]), PRICE))).release('refusedByUpstream');
    await (await on.ledger.reserve(aCall(aCaller([]), PRICE))).doubt('upstreamTimeout');

    expect(await on.log()).toMatchObject([
      { status: 'failure', fault: 'refusedByUpstream', cost: 0, unconfirmed: 0, images: 0 },
      { status: 'possibly_charged', fault: 'upstreamTimeout', cost: 0, unconfirmed: PRICE, images: 1 },
    ]);
  });

  it('without a price is recorded, flagged, with what was charged or nothing', async () => {
    await (await on.ledger.reserve(aCall(aCaller([]), undefined))).settle(aCharge(7_000));
    await (await on.ledger.reserve(aCall(aCaller([]), undefined))).settle(aCharge(undefined));

    expect(await on.log()).toMatchObject([
      { cost: 7_000, is_priced: false },
      { cost: 0, is_priced: false },
    ]);
  });

  it('ends once, however often it is ended', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE });
    const reservation = await on.ledger.reserve(aCall(aCaller(['key:a']), PRICE));

    await Promise.all([reservation.settle(aCharge(1_000)), reservation.release('x'), reservation.doubt('y')]);

    expect(await on.log()).toMatchObject([{ status: 'success', cost: 1_000 }]);
    expect(await on.state('key:a')).toEqual({ spent: 1_000, reserved: 0 });
  });

  it('that is sent twice is two rows', async () => {
    const call = aCall(aCaller([]), PRICE);
    await (await on.ledger.reserve(call)).settle(aCharge(PRICE));
    await (await on.ledger.reserve(call)).settle(aCharge(PRICE));

    expect(await on.log()).toMatchObject([{ request_id: call.id }, { request_id: call.id }]);
  });
});

describe('A budget', () => {
  it('is never overdrawn, however many ask at once', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: 37 * PRICE });
    const caller = aCaller(['key:a']);

    const asked = await Promise.allSettled(Array.from({ length: 200 }, () => on.ledger.reserve(aCall(caller, PRICE))));

    const granted = asked.filter(({ status }) => status === 'fulfilled');
    expect(granted).toHaveLength(37);
    expect(asked.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { fault: 'budgetExceeded', status: 429 },
    });
    expect(await on.state('key:a')).toEqual({ spent: 0, reserved: 37 * PRICE });
    expect(await dispatches()).toBe(37);
  });

  it('of the key and of the team both have room, or neither is touched', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: 10 * PRICE });
    await on.budgets.define('team:t', { maxMicroDollars: PRICE });
    const caller = aCaller(['key:a', 'team:t']);
    await on.ledger.reserve(aCall(caller, PRICE));

    await expect(on.ledger.reserve(aCall(caller, PRICE))).rejects.toThrow(
      /Current cost: 0, Max budget: 0.04. It is the budget of the team 't' of the key '.*', and \$0.04 more is reserved/,
    );

    expect(await on.state('key:a')).toEqual({ spent: 0, reserved: PRICE });
  });

  it('gets back what was reserved beyond the charge, and what failed', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE });
    const caller = aCaller(['key:a']);

    await (await on.ledger.reserve(aCall(caller, PRICE))).release('refusedByUpstream');
    await (await on.ledger.reserve(aCall(caller, PRICE))).settle(aCharge(10_000));

    expect(await on.state('key:a')).toEqual({ spent: 10_000, reserved: 0 });
    await expect(on.ledger.reserve(aCall(caller, 30_001))).rejects.toMatchObject({ fault: 'budgetExceeded' });
    await expect(on.ledger.reserve(aCall(caller, 30_000))).resolves.toBeDefined();
  });

  it('may be passed by a charge above the price, and then lets only what is free through', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE });
    const caller = aCaller(['key:a']);
    await (await on.ledger.reserve(aCall(caller, PRICE))).settle(aCharge(2 * PRICE));

    expect(await on.state('key:a')).toEqual({ spent: 2 * PRICE, reserved: 0 });
    await expect(on.ledger.reserve(aCall(caller, 1))).rejects.toMatchObject({ fault: 'budgetExceeded' });
    await expect(on.ledger.reserve(aCall(caller, 0))).resolves.toBeDefined();
  });

  it('keeps the price of what is in doubt', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE });
    await (await on.ledger.reserve(aCall(aCaller(['key:a']), PRICE))).doubt('upstreamTimeout');

    expect(await on.state('key:a')).toEqual({ spent: PRICE, reserved: 0 });
  });

  it('has no room for what has no price', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE });

    await expect(on.ledger.reserve(aCall(aCaller(['key:a']), undefined))).rejects.toMatchObject({
      fault: 'unpricedModel',
      param: 'model',
    });
  });

  it('without a maximum counts what is spent', async () => {
    await on.budgets.define('key:a', {});
    const caller = aCaller(['key:a'], { isBudgeted: false });
    await (await on.ledger.reserve(aCall(caller, undefined))).settle(aCharge(5_000));
    const call = aCall(caller, PRICE);
    await (await on.ledger.reserve(call)).settle(aCharge(PRICE));

    expect(await on.state('key:a')).toEqual({ spent: 45_000, reserved: 0 });
    expect(call).toMatchObject({ keySpendMicroDollars: 5_000, keyMaxBudgetMicroDollars: undefined });
  });

  it('can be given other terms, and keeps what was spent', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE });
    const reservation = await on.ledger.reserve(aCall(aCaller(['key:a']), PRICE));
    await on.budgets.define('key:a', { maxMicroDollars: 3 * PRICE });
    await reservation.settle(aCharge(PRICE));

    expect(await on.state('key:a')).toEqual({ spent: PRICE, reserved: 0 });
    await expect(on.ledger.reserve(aCall(aCaller(['key:a']), 2 * PRICE))).resolves.toBeDefined();
  });

  it('that is missing lets nothing through, whatever it is asked together with', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE });
    await on.budgets.define('key:b', {});
    const gone = { fault: 'wrongKey', name: 'GatewayError' };
    const asked = [['key:gone'], ['key:b'], ['key:a', 'team:gone'], ['key:a'], ['key:a']];

    const outcomes = await Promise.allSettled(
      asked.map((scopes) => on.ledger.reserve(aCall(aCaller(scopes, { isBudgeted: false }), PRICE))),
    );

    expect(outcomes).toMatchObject([
      { status: 'rejected', reason: gone },
      { status: 'fulfilled' },
      { status: 'rejected', reason: gone },
      { status: 'fulfilled' },
      { status: 'rejected', reason: { fault: 'budgetExceeded' } },
    ]);
    expect(await on.state('key:a')).toEqual({ spent: 0, reserved: PRICE });
    expect(await dispatches()).toBe(2);
  });

  it('that has got an end lets nothing without a price through that was let in before', async () => {
    const caller = aCaller(['key:a'], { isBudgeted: false });
    await on.budgets.define('key:a', { maxMicroDollars: PRICE });

    await expect(on.ledger.reserve(aCall(caller, undefined))).rejects.toBeInstanceOf(BudgetsChanged);
    expect(await dispatches()).toBe(0);
  });

  it('is not touched by what was reserved in a former one of its name', async () => {
    await on.budgets.define('team:a', { maxMicroDollars: PRICE });
    const settled = await on.ledger.reserve(aCall(aCaller(['team:a']), PRICE));
    await on.budgets.remove('team:a');
    await on.budgets.define('team:a', { maxMicroDollars: PRICE });
    await settled.settle(aCharge(PRICE));

    expect(await on.log()).toMatchObject([{ status: 'success', cost: PRICE }]);
    expect(await on.state('team:a')).toEqual({ spent: 0, reserved: 0 });
  });

  it('may be removed while a request is under way', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE });
    const reservation = await on.ledger.reserve(aCall(aCaller(['key:a']), PRICE));
    await on.budgets.remove('key:a');
    await reservation.settle(aCharge(PRICE));

    expect(await on.log()).toMatchObject([{ status: 'success', cost: PRICE }]);
  });
});

describe('A soft budget', () => {
  it('that is passed is counted, once', async () => {
    await on.budgets.define('key:a', { softMicroDollars: PRICE });
    const caller = aCaller(['key:a'], { isBudgeted: false });
    const passed = async () => /soft_budgets_passed_total (\d+)/.exec(await on.metrics.registry.metrics())?.[1];

    await (await on.ledger.reserve(aCall(caller, PRICE))).settle(aCharge(PRICE));
    expect(await passed()).toBe('0');
    await (await on.ledger.reserve(aCall(caller, PRICE))).settle(aCharge(PRICE));
    await (await on.ledger.reserve(aCall(caller, PRICE))).settle(aCharge(PRICE));

    expect(await passed()).toBe('1');
  });
});

describe('What nobody ended', () => {
  const unfinished = async (): Promise<Reservation> => {
    await on.budgets.define('key:a', { maxMicroDollars: 10 * PRICE });
    const reservation = await on.ledger.reserve(aCall(aCaller(['key:a']), PRICE));
    await database.query("update dispatches set deadline = now() - interval '1 second'");
    return reservation;
  };

  it('is left alone before its deadline', async () => {
    await on.ledger.reserve(aCall(aCaller([]), PRICE));

    expect(await on.sweep.sweep()).toBe(0);
    expect(await dispatches()).toBe(1);
  });

  it('is written off at its deadline, not later', async () => {
    await unfinished();

    await database.transaction(async (query) => {
      const atOneInstant: Database = { ...database, transaction: (work) => work(query) };
      await query('update dispatches set deadline = now()');
      expect(await new LedgerOn(atOneInstant).sweep.sweep()).toBe(1);
    });
  });

  it('is written off as possibly charged after it', async () => {
    await unfinished();

    expect(await on.sweep.sweep()).toBe(1);

    expect(await dispatches()).toBe(0);
    expect(await on.log()).toMatchObject([
      { status: 'possibly_charged', fault: 'unfinished', cost: 0, unconfirmed: PRICE },
    ]);
    expect(await on.state('key:a')).toEqual({ spent: PRICE, reserved: 0 });
    expect(await on.metrics.registry.metrics()).toContain('recraft_gateway_possibly_charged_total 1');
  });

  it('is written off once by gateways that sweep at the same time', async () => {
    for (let n = 0; n < 5; n++) await unfinished();

    const swept = await Promise.all([on.sweep.sweep(), on.sweep.sweep(), on.sweep.sweep()]);

    expect(swept.reduce((sum, n) => sum + n)).toBe(5);
    expect(await on.log()).toHaveLength(5);
  });

  it('is put right where its answer comes after all', async () => {
    const reservation = await unfinished();
    await on.sweep.sweep();

    await reservation.settle(aCharge(10_000));

    expect(await on.log()).toMatchObject([{ status: 'success', fault: null, cost: 10_000, unconfirmed: 0 }]);
    expect(await on.state('key:a')).toEqual({ spent: 10_000, reserved: 0 });
  });
});

describe('The window of a budget', () => {
  it('ends at its instant, and the next one begins empty', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE, duration: '1h' });
    const caller = aCaller(['key:a']);
    await (await on.ledger.reserve(aCall(caller, PRICE))).settle(aCharge(PRICE));
    await expect(on.ledger.reserve(aCall(caller, PRICE))).rejects.toThrow(/It starts again at 20\d\d-/);
    const before = (await on.budgets.read(['key:a'])).get('key:a');

    await database.query(
      "update budgets set anchored_at = anchored_at - interval '1h', resets_at = resets_at - interval '1h'",
    );

    expect(await on.state('key:a')).toEqual({ spent: 0, reserved: 0 });
    await (await on.ledger.reserve(aCall(caller, PRICE))).settle(aCharge(PRICE));
    const after = (await on.budgets.read(['key:a'])).get('key:a');
    expect(after?.spentMicroDollars).toBe(PRICE);
    expect(after?.resetsAt).toEqual(before?.resetsAt);
  });

  it('that a request was sent in is the one that it counts in, whenever it ends', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE, duration: '1h' });
    const caller = aCaller(['key:a']);
    const earlier = await on.ledger.reserve(aCall(caller, PRICE));
    await database.query("update budgets set resets_at = now() - interval '1 second'");

    const later = await on.ledger.reserve(aCall(caller, PRICE));
    await earlier.settle(aCharge(3 * PRICE));
    expect(await on.state('key:a')).toEqual({ spent: 0, reserved: PRICE });
    await later.settle(aCharge(PRICE));

    expect(await on.state('key:a')).toEqual({ spent: PRICE, reserved: 0 });
    expect((await on.log()).map(({ cost }) => cost)).toEqual([3 * PRICE, PRICE]);
  });

  it.each([
    [
      'seconds after a long pause',
      '2026-01-01T00:00:00Z',
      { seconds: 30 },
      '2026-03-01T12:00:10Z',
      '2026-03-01T12:00:30Z',
    ],
    ['the instant itself', '2026-01-01T00:00:00Z', { seconds: 60 }, '2026-01-01T00:01:00Z', '2026-01-01T00:02:00Z'],
    ['a week', '2026-01-01T10:00:00Z', { seconds: 604_800 }, '2026-01-20T00:00:00Z', '2026-01-22T10:00:00Z'],
    ['a month that is shorter', '2026-01-31T08:00:00Z', { months: 1 }, '2026-02-01T00:00:00Z', '2026-02-28T08:00:00Z'],
    ['the month after it', '2026-01-31T08:00:00Z', { months: 1 }, '2026-02-28T08:00:00Z', '2026-03-31T08:00:00Z'],
    [
      'three months over a new year',
      '2026-11-30T00:00:00Z',
      { months: 3 },
      '2027-01-15T00:00:00Z',
      '2027-02-28T00:00:00Z',
    ],
  ])('is counted from its anchor: %s', async (_name, anchor, period, after, expected) => {
    const { seconds, months } = { seconds: null, months: null, ...period };
    const rows = await database.query<{ next: Date }>(
      'select next_reset($1::timestamptz, $2::bigint, $3::integer, $4::timestamptz) as next',
      [anchor, seconds, months, after],
    );

    expect(rows[0]?.next).toEqual(new Date(expected));
  });

  it('keeps its end where the duration stays, and begins anew where it changes', async () => {
    await on.budgets.define('key:a', { duration: '1mo' });
    const end = async () => (await on.budgets.read(['key:a'])).get('key:a')?.resetsAt;
    const first = await end();

    await on.budgets.define('key:a', { maxMicroDollars: 1, duration: '1mo' });
    expect(await end()).toEqual(first);
    await on.budgets.define('key:a', { duration: '1h' });
    expect(Number(await end())).toBeLessThan(Number(first));
    await on.budgets.define('key:a', {});
    expect(await end()).toBeUndefined();
  });

  it.each([
    ['another duration', { maxMicroDollars: PRICE, duration: '1d' }],
    ['no duration', { maxMicroDollars: PRICE }],
    ['the same duration', { maxMicroDollars: PRICE, duration: '1h' }],
  ])('that is over stays over where %s takes its place', async (_, terms) => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE, duration: '1h' });
    const caller = aCaller(['key:a']);
    const late = await on.ledger.reserve(aCall(caller, 0));
    await (await on.ledger.reserve(aCall(caller, PRICE))).settle(aCharge(PRICE));
    await database.query("update budgets set resets_at = now() - interval '1 second'");

    await on.budgets.define('key:a', terms);

    expect(await on.state('key:a')).toEqual({ spent: 0, reserved: 0 });
    await late.settle(aCharge(PRICE));
    await expect(on.ledger.reserve(aCall(caller, PRICE))).resolves.toBeDefined();
    expect(await on.state('key:a')).toEqual({ spent: 0, reserved: PRICE });
  });

  it('that lasts keeps what was spent in it where another duration takes its place', async () => {
    await on.budgets.define('key:a', { maxMicroDollars: PRICE, duration: '1h' });
    await (await on.ledger.reserve(aCall(aCaller(['key:a']), PRICE))).settle(aCharge(PRICE));

    await on.budgets.define('key:a', { maxMicroDollars: PRICE, duration: '1d' });

    expect(await on.state('key:a')).toEqual({ spent: PRICE, reserved: 0 });
  });

  it('needs a duration', async () => {
    await expect(on.budgets.define('key:a', { duration: '1 month' })).rejects.toMatchObject({
      fault: 'invalidValue',
      param: 'budget_duration',
    });
  });
});

describe('The log', () => {
  it('refuses changes', async () => {
    await (await on.ledger.reserve(aCall(aCaller([]), PRICE))).settle(aCharge(PRICE));

    await expect(database.query('update spend_logs set cost_micro_dollars = 0')).rejects.toThrow(/only ever added/);
  });
});
