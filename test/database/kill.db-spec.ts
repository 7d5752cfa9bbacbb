import { expect, it, jest } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { type RecordedRequest, Sandbox } from '../../src/sandbox/sandbox.js';
import { testDatabase } from '../support/database.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { random } from '../support/random.js';

jest.setTimeout(900_000);

const KILLS = 50;
/** Killed at the same time, each so many of the kills. */
const GATEWAYS = 2;
/** One whose simulated pictures are quickly drawn. */
const MODEL = 'recraft/recraftv3_vector';
/** Each caller asks for the next picture when it has one. */
const CALLERS = 6;
/** Every other one has a key with a budget, the rest have the master key. */
const KEY = 'sk-one-that-has-a-budget-0123456789';
const MOST_ANSWERS = 8;
const LATEST_KILL_MS = 60;
const DEADLINE = { REQUEST_TIMEOUT_MS: '3000', RESERVATION_MARGIN_MS: '200' };
const SWEPT_AFTER_MS = 3_000 + 200 + 4_000;

interface Row {
  readonly label: string;
  readonly status: string;
  readonly credits: number | null;
  readonly cost: number;
  readonly unconfirmed: number;
  readonly isBudgeted: boolean;
}

interface Budget {
  readonly spent: number;
  readonly reserved: number;
}

/** What one gateway's kills left behind: what Recraft charged, what callers saw, and what the database says. */
interface Remains {
  readonly charges: readonly RecordedRequest[];
  readonly complete: readonly string[];
  readonly rows: readonly Row[];
  readonly open: readonly object[];
  readonly budget: Budget | undefined;
}

/** Kills a gateway under load again and again, each time at another instant, and starts it anew over the same database. */
async function killed(kills: number, next: () => number): Promise<Remains> {
  await using home = await testDatabase();
  await using sandbox = await Sandbox.start({
    requestsPerSecond: 0,
    imagesPerMinute: 0,
    credits: 10_000_000,
    latencyMs: 25,
  });
  const environment = { ...home.environment, ...DEADLINE };
  const complete: string[] = [];

  for (let round = 0; round < kills; round++) {
    const gateway = await GatewayProcess.start(sandbox, environment);
    if (round === 0) {
      const made = await gateway.post('/key/generate', { key: KEY, max_budget: 1_000_000 });
      expect(made.status).toBe(200);
    }
    const ask = async (label: string, key?: string): Promise<void> => {
      const order = { model: MODEL, prompt: label, user: label };
      const answer = await gateway.post('/v1/images/generations', order, key).catch(() => undefined); // It was killed.
      const body = await answer?.text().catch(() => undefined); // In the middle of the answer.
      if (answer?.status === 200 && body !== undefined) complete.push(label);
    };
    // The first request of a process is slow, and would be the only one that a kill ever meets.
    await ask(`call-${round}-first`);
    // So many answers and some milliseconds later: on a slow machine too, kills hit every part of a request's way.
    const enough = complete.length + Math.floor(next() * MOST_ANSWERS);
    let isOver = false;
    const calling = Array.from({ length: CALLERS }, async (_, caller) => {
      for (let n = 0; !isOver; n++) await ask(`call-${round}-${caller}-${n}`, caller % 2 === 0 ? KEY : undefined);
    });
    while (complete.length < enough) await pause(1);
    await pause(next() * LATEST_KILL_MS);
    isOver = true;
    await gateway.kill();
    await Promise.all(calling);
  }

  const last = await GatewayProcess.start(sandbox, environment);
  await pause(SWEPT_AFTER_MS);
  await last.stop();

  const database = await home.open();
  const rows = await database.query<Row>(`select end_user as label, status, credits::float8 as credits,
    cost_micro_dollars as cost, unconfirmed_micro_dollars as unconfirmed, cardinality(scopes) > 0 as "isBudgeted"
    from spend_logs`);
  const open = await database.query('select 1 from dispatches');
  const [budget] = await database.query<Budget>(
    'select spent_micro_dollars as spent, reserved_micro_dollars as reserved from budgets',
  );
  await database.close();
  return { charges: sandbox.requests().filter(({ credits }) => credits > 0), complete, rows, open, budget };
}

/**
 * What cannot be known: a gateway that is killed between recording a request and sending it leaves the same record as
 * one that is killed between sending and the answer. Both are written off as possibly charged. So there may be doubts
 * without a charge, and never a charge without a row.
 */
it(`forgets no charge and no answer over ${KILLS} kills at random instants under load`, async () => {
  const seed = Number(process.env['SEED'] ?? 20_260_207);
  // Each with a database of its own: starting a gateway takes most of the time, and two start at once.
  const gateways = await Promise.all(
    Array.from({ length: GATEWAYS }, (_, gateway) => killed(KILLS / GATEWAYS, random(seed + gateway))),
  );

  for (const { charges, complete, rows, open, budget } of gateways) {
    const byLabel = Map.groupBy(rows, ({ label }) => label);
    const inBooks = charges.map(({ fields, credits }) => ({
      credits,
      rows: byLabel.get(String(fields['prompt'])) ?? [],
    }));
    const wrong = inBooks.filter(
      ({ credits, rows: [row, ...more] }) =>
        row === undefined ||
        more.length > 0 ||
        !(row.status === 'success'
          ? row.credits === credits && row.cost === credits * 1_000
          : row.unconfirmed === credits * 1_000),
    );
    const succeeded = new Set(rows.filter(({ status }) => status === 'success').map(({ label }) => label));

    expect({ seed, wrong }).toEqual({ seed, wrong: [] });
    expect({ seed, missing: complete.filter((label) => !succeeded.has(label)) }).toEqual({ seed, missing: [] });
    expect(open).toEqual([]);
    const ofBudget = rows.filter(({ isBudgeted }) => isBudgeted);
    const spent = ofBudget.reduce((sum, { cost, unconfirmed }) => sum + cost + unconfirmed, 0);
    expect(budget).toEqual({ spent, reserved: 0 });
    expect(rows.filter(({ label }) => (byLabel.get(label)?.length ?? 0) > 1)).toEqual([]);
    // The test tested something: answers came through, and kills hit requests under way.
    expect(complete.length).toBeGreaterThan((2 * KILLS) / GATEWAYS);
    expect(rows.some(({ status }) => status === 'possibly_charged')).toBe(true);
    expect(ofBudget.some(({ status }) => status === 'possibly_charged')).toBe(true);
  }
});
