/**
 * What the ledger costs within one gateway, which has it in every other second: so that neither the compiler's luck nor the
 * machine's slow minutes fall on one side. README.md beside this file tells the method.
 *
 *     npm run build && node bench/ledger-switched.mjs [--processes 2] [--pairs 40]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startServices } from '../scripts/services.mjs';
import { Child, endWithChildren } from './children.mjs';
import {
  ask,
  BUDGETED_KEY,
  makeKey,
  median,
  pinServices,
  refuseLosses,
  startStub,
  startUpstream,
} from './ledger-setup.mjs';
import { freePort, TARGET_CORE } from './measure.mjs';
import { prepare, SCENARIOS } from './scenarios.mjs';
import { TARGETS } from './targets.mjs';

const WARM_UP_SECONDS = 8;
const SLICE_SECONDS = 1;

const { values } = parseArgs({
  options: { processes: { type: 'string', default: '2' }, pairs: { type: 'string', default: '40' } },
});
const scratch = mkdtempSync(path.join(tmpdir(), 'image-gateway-bench-'));
const scenario = await prepare(
  SCENARIOS.find(({ name }) => name === 'small'),
  scratch,
);
const gateway = TARGETS.find(({ name }) => name === 'gateway');

/** Pairs of slices with the ledger and without, of one process and one caller. */
async function pairsOf(caller, isFirst) {
  await using stack = new AsyncDisposableStack();
  const upstream = await startUpstream({ stack, scratch });
  const databaseUrl = new URL(services.env.TEST_DATABASE_URL);
  let database;
  const env = { DATABASE_PORT: databaseUrl.port };
  [databaseUrl.port, database] = await startStub('stub-database.mjs', { stack, scratch, env });
  const port = await freePort();
  const launched = gateway.launch({ port, upstream });
  const [node, ...rest] = launched.command;
  const command = [node, '--import', path.join(import.meta.dirname, 'ledger-switch.mjs'), ...rest];
  const options = {
    core: TARGET_CORE,
    env: { ...launched.env, NODE_ENV: 'production', DATABASE_URL: databaseUrl.href },
    logFile: path.join(scratch, 'gateway.log'),
  };
  const child = stack.use(new Child(command, options));
  const origin = `http://127.0.0.1:${port}`;
  await child.ready(origin + gateway.health);
  const master = gateway.headers({});
  if (isFirst) await makeKey(origin, master);
  const headers = caller === 'master key' ? master : { authorization: `Bearer ${BUDGETED_KEY}` };
  let answered = 0;
  const pairs = [];
  for (let slice = -2; slice < 2 * Number(values.pairs); slice += 1) {
    const isOn = slice % 2 === 0;
    const seconds = slice < 0 ? WARM_UP_SECONDS : SLICE_SECONDS;
    const figures = await ask({ child, origin, scenario, headers, seconds, scratch });
    if (isOn) answered += figures.requests;
    if (slice >= 0 && isOn) pairs.push({ on: figures });
    else if (slice >= 0) pairs.at(-1).off = figures;
    child.kill('SIGUSR2');
  }
  // The callers of the slices without a ledger have no reservations; each load leaves those that are under way at its end.
  await refuseLosses(database, answered, answered + (pairs.length + 2) * scenario.connections);
  return pairs;
}

/** The slice with the ledger, compared with those before and after it. */
function ratiosOf(pairs, figure) {
  return pairs.slice(1).map(({ on, off }, index) => on[figure] / ((pairs[index].off[figure] + off[figure]) / 2));
}

endWithChildren();
const services = await startServices();
try {
  pinServices(services);
  let isFirst = true;
  for (let number = 0; number < Number(values.processes); number += 1) {
    for (const caller of ['master key', 'key with a budget']) {
      const pairs = await pairsOf(caller, isFirst);
      isFirst = false;
      const [perSecond, cpu] = ['perSecond', 'cpuUs'].map((figure) => median(ratiosOf(pairs, figure)).toFixed(3));
      const off = median(pairs.map((pair) => pair.off.perSecond)).toFixed(0);
      console.log(`${caller}: ${perSecond} of ${off} requests a second without the ledger, ${cpu} times the CPU`);
    }
  }
} finally {
  await services.stop();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
