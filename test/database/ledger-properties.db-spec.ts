import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import type { Database } from '../../src/database/database.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { aCall, aCaller, aCharge, LedgerOn } from '../support/ledger.js';
import { LedgerRun } from '../support/ledger-run.js';

jest.setTimeout(120_000);

let home: TestDatabase;
let database: Database;

beforeAll(async () => {
  home = await testDatabase();
  database = await home.open();
});

afterAll(async () => {
  await database.close();
  await home[Symbol.asyncDispose]();
});

const oneStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('reserve' as const),
      key: fc.constantFrom(0, 1),
      price: fc.integer({ min: 0, max: 40 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('settle' as const),
      of: fc.nat(),
      charge: fc.integer({ min: 0, max: 60 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'doubt' as const), of: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), of: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('sweep' as const, 'newWindow' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('define' as const),
      budget: fc.constantFrom(0, 1, 2),
      most: fc.integer({ min: 0, max: 200 }),
      duration: fc.constantFrom('1w', '1mo'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('remove' as const, 'make' as const),
      budget: fc.constantFrom(0, 1, 2),
    }),
  },
);

/** An answer that comes after its request was written off. */
const late = fc.record({ of: fc.nat(), charge: fc.integer({ min: 0, max: 60 }) });

const steps = fc
  .array(
    fc.oneof(
      { weight: 9, arbitrary: oneStep.map((step) => [step]) },
      {
        weight: 1,
        arbitrary: late.map(({ of, charge }) => [
          { do: 'crash' as const, of },
          { do: 'sweep' as const },
          { do: 'settle' as const, of, charge },
        ]),
      },
    ),
    { minLength: 1, maxLength: 30, size: 'max' },
  )
  .map((runs) => runs.flat());

it('keeps to a simple model of itself, whatever happens in whatever order', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (run) => {
      const taken = new LedgerRun(database);
      await taken.begin();
      for (const step of run) await taken.take(step);
      const { real, model } = await taken.compared();
      expect(real).toEqual(model);
    }),
    { numRuns: 60 },
  );
});

it('never grants more than there is and comes to the same sums, when everything happens at once', async () => {
  const requests = fc.array(
    fc.record({
      price: fc.integer({ min: 1, max: 40 }),
      end: fc.constantFrom('settle' as const, 'release' as const, 'doubt' as const),
      charge: fc.integer({ min: 0, max: 40 }),
    }),
    { minLength: 1, maxLength: 40 },
  );
  await fc.assert(
    fc.asyncProperty(requests, async (asked) => {
      await database.query('truncate budgets, dispatches, spend_logs');
      const on = [new LedgerOn(database), new LedgerOn(database)];
      const [first] = on;
      await first?.budgets.define('key:0', { maxMicroDollars: 100 });
      let expected = 0;

      await Promise.all(
        asked.map(async ({ price, end, charge }, n) => {
          const reservation = await on[n % 2]?.ledger.reserve(aCall(aCaller(['key:0']), price)).catch(() => undefined);
          if (!reservation) return; // No room.
          const paid = Math.min(charge, price);
          if (end === 'settle') await reservation.settle(aCharge(paid));
          else await reservation[end]('x');
          expected += { settle: paid, release: 0, doubt: price }[end];
        }),
      );

      expect(expected).toBeLessThanOrEqual(100);
      expect(await first?.state('key:0')).toEqual({ spent: expected, reserved: 0 });
    }),
    { numRuns: 25 },
  );
});

it('grants the requests of one batch what they would be granted one after the other', async () => {
  const maxima = [
    ['key:0', 60],
    ['key:1', 200],
    ['key:2', 90],
    ['team:t', 150],
  ] as const;
  const asked = fc.array(
    fc.record({ key: fc.constantFrom('key:0', 'key:1', 'key:2'), inTeam: fc.boolean(), price: fc.nat({ max: 40 }) }),
    { minLength: 1, maxLength: 20 },
  );
  await fc.assert(
    fc.asyncProperty(asked, async (requests) => {
      await database.query('truncate budgets, dispatches, spend_logs');
      const on = new LedgerOn(database);
      for (const [scope, max] of maxima) await on.budgets.define(scope, { maxMicroDollars: max });

      // What arrives in one turn of the event loop is one batch.
      const outcomes = await Promise.all(
        requests.map(({ key, inTeam, price }) =>
          on.ledger.reserve(aCall(aCaller(inTeam ? [key, 'team:t'] : [key]), price)).then(
            () => true,
            () => false,
          ),
        ),
      );

      const left = new Map<string, number>(maxima);
      const expected = requests.map(({ key, inTeam, price }) => {
        const scopes = inTeam ? [key, 'team:t'] : [key];
        const hasRoom = price === 0 || scopes.every((scope) => (left.get(scope) ?? 0) >= price);
        if (hasRoom) for (const scope of scopes) left.set(scope, (left.get(scope) ?? 0) - price);
        return hasRoom;
      });
      expect(outcomes).toEqual(expected);
      for (const [scope, max] of maxima) {
        expect(await on.state(scope)).toEqual({ spent: 0, reserved: max - (left.get(scope) ?? 0) });
      }
    }),
    { numRuns: 40 },
  );
});
