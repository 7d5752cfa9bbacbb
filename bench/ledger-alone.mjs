/**
 * What the ledger costs by itself: callers who reserve and settle as fast as it lets them, in this process, on PostgreSQL.
 * README.md beside this file tells the method.
 *
 *     npm run build && node bench/ledger-alone.mjs [--rounds 8] [--seconds 1.2]
 */
import { parseArgs } from 'node:util';
import { pino } from 'pino';
import { migrate } from '../dist/database/migrate.js';
import { PostgresDatabase } from '../dist/database/postgres-database.js';
import { unrestricted } from '../dist/keys/caller.js';
import { Budgets } from '../dist/spend/budgets.js';
import { DatabaseLedger } from '../dist/spend/database-ledger.js';
import { LedgerBatches } from '../dist/spend/ledger-batches.js';
import { SpendMetrics } from '../dist/spend/spend-metrics.js';
import { CallRecord } from '../dist/telemetry/call-record.js';
import { Metrics } from '../dist/telemetry/metrics.js';
import { startServices } from '../scripts/services.mjs';
import { familyCpuSeconds } from './proc.mjs';

const PRICE = 35_000;
const SCOPE = 'key:bench';
const CHARGE = { images: 1, chargedMicroDollars: PRICE, upstreamRequestId: 'bench' };
const master = unrestricted('master');
const budgeted = { ...master, id: 'bench', isMaster: false, budgets: [SCOPE], isBudgeted: true };

const CASES = [
  { name: 'master key, 50 callers', caller: master, callers: 50 },
  { name: 'key with a budget, 50 callers', caller: budgeted, callers: 50 },
  { name: 'key with a budget, 200 callers', caller: budgeted, callers: 200 },
];

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '8' }, seconds: { type: 'string', default: '1.2' } },
});

let calls = 0;

function nextCall(caller) {
  const call = new CallRecord(`req_00000000-0000-0000-0000-${String(calls++).padStart(12, '0')}`);
  const asked = { model: 'recraftv4_1', operation: 'generate', images: 1, priceMicroDollars: PRICE };
  return Object.assign(call, { ...asked, caller, deadlineAt: performance.now() + 100_000 });
}

/** One caller until the time is over; how many requests that were. */
async function ask(ledger, caller, until) {
  let requests = 0;
  for (; performance.now() < until; requests++) {
    const reservation = await ledger.reserve(nextCall(caller));
    await reservation.settle(CHARGE);
  }
  return requests;
}

async function run({ caller, callers }, ledger, postgres) {
  const milliseconds = Number(values.seconds) * 1000;
  const [before, databaseBefore, began] = [process.cpuUsage(), await familyCpuSeconds(postgres), performance.now()];
  const counts = await Promise.all(Array.from({ length: callers }, () => ask(ledger, caller, began + milliseconds)));
  const took = performance.now() - began;
  const requests = counts.reduce((sum, count) => sum + count);
  const { user, system } = process.cpuUsage(before);
  const database = (await familyCpuSeconds(postgres)) - databaseBefore;
  return { us: (user + system) / requests, databaseUs: (database * 1e6) / requests, rate: (requests / took) * 1000 };
}

const sorted = (numbers) => numbers.toSorted((a, b) => a - b);
const leastAndMedian = (numbers) =>
  `${sorted(numbers)[0].toFixed(1)} | ${sorted(numbers)[numbers.length >> 1].toFixed(1)}`;

const services = await startServices();
try {
  const logger = pino({ level: 'silent' });
  const database = new PostgresDatabase(services.env.TEST_DATABASE_URL, logger);
  await migrate(database);
  await new Budgets(database).define(SCOPE, { maxMicroDollars: 1e15 });
  const metrics = new SpendMetrics(new Metrics(() => true));
  const ledger = new DatabaseLedger(new LedgerBatches(database, metrics, logger), metrics, 60_000);
  const rows = new Map(CASES.map((each) => [each, []]));
  // The first round is for the compiler.
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const [each, figures] of rows) {
      const figure = await run(each, ledger, services.pids[0]);
      if (round > 0) figures.push(figure);
    }
  }
  for (const [{ name }, figures] of rows) {
    const column = (name) => figures.map((figure) => figure[name]);
    const most = sorted(column('rate')).at(-1).toFixed(0);
    console.log(`| ${name} | ${leastAndMedian(column('us'))} | ${leastAndMedian(column('databaseUs'))} | ${most} |`);
  }
  await ledger.onApplicationShutdown();
  await database.close();
} finally {
  await services.stop();
}
