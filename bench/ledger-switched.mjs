/**
 * What the ledger costs within one gateway, which has it in every other second: so that neither the compiler's luck nor the
 * machine's slow minutes fall on one side. README.md beside this file tells the method.
 *
 *     npm run build && node bench/ledger-switched.mjs [--processes 2] [--pairs 40]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startServices } from '../scripts/services.mjs';
import { Child, endWithChildren } from './children.mjs';
import { freePort, load, LOAD_CORE, TARGET_CORE } from './measure.mjs';
import { processorSeconds } from './proc.mjs';
import { prepare, SCENARIOS } from './scenarios.mjs';
import { TARGETS } from './targets.mjs';

const WARM_UP_SECONDS = 8;
const SLICE_SECONDS = 1;
const BUDGETED_KEY = 'sk-bench-with-a-budget-0123456789';

const { values } = parseArgs({
  options: { processes: { type: 'string', default: '2' }, pairs: { type: 'string', default: '40' } },
});
const scratch = mkdtempSync(path.join(tmpdir(), 'image-gateway-bench-'));
const scenario = await prepare(
  SCENARIOS.find(({ name }) => name === 'small'),
  scratch,
);
const gateway = TARGETS.find(({ name }) => name === 'gateway');

const median = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
};

/** Pairs of slices with the ledger and without, of one process and one caller. */
async function pairsOf(caller, databasePort, isFirst) {
  await using stack = new AsyncDisposableStack();
  const start = (name, command, core, env) =>
    stack.use(new Child(command, { core, env, logFile: path.join(scratch, `${name}.log`) }));
  const [upstreamPort, stubPort, port] = [await freePort(), await freePort(), await freePort()];
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  const stub = (file) => [process.execPath, path.join(import.meta.dirname, file)];
  const drawing = start('upstream', stub('stub-upstream.mjs'), LOAD_CORE, { PORT: upstreamPort });
  await drawing.ready(`${upstream}/__count`);
  const database = { PORT: stubPort, DATABASE_PORT: databasePort };
  const recording = start('database', stub('stub-database.mjs'), LOAD_CORE, database);
  const launched = gateway.launch({ port, upstream });
  const [node, ...rest] = launched.command;
  const child = start(
    'gateway',
    [node, '--import', path.join(import.meta.dirname, 'ledger-switch.mjs'), ...rest],
    TARGET_CORE,
    { ...launched.env, NODE_ENV: 'production', DATABASE_URL: databaseUrlAt(stubPort) },
  );
  const origin = `http://127.0.0.1:${port}`;
  await child.ready(origin + gateway.health);
  const master = gateway.headers({});
  if (isFirst) await makeKey(origin, master);
  const own = caller === 'master key' ? master : { authorization: `Bearer ${BUDGETED_KEY}` };
  const headers = { 'content-type': scenario.contentType, ...own };
  let answered = 0;
  const fire = async (seconds, isOn) => {
    const before = await processorSeconds(child.pid);
    const counted = await load({ scenario, url: origin + scenario.path, headers, seconds, scratch });
    if (Object.values(counted.errors).some((count) => count > 0)) throw new Error(JSON.stringify(counted.errors));
    if (isOn) answered += counted.requests;
    const used = (await processorSeconds(child.pid)) - before;
    return { perSecond: counted.requests / (counted.durationUs / 1e6), cpuUs: (used * 1e6) / counted.requests };
  };
  const pairs = [];
  for (let slice = -2; slice < 2 * Number(values.pairs); slice += 1) {
    const isOn = slice % 2 === 0;
    const figures = await fire(slice < 0 ? WARM_UP_SECONDS : SLICE_SECONDS, isOn);
    if (slice >= 0 && isOn) pairs.push({ on: figures });
    else if (slice >= 0) pairs.at(-1).off = figures;
    child.kill('SIGUSR2');
  }
  await recording[Symbol.asyncDispose]();
  const { reserved, ended } = JSON.parse(recording.output);
  // Every answer has both; the callers of the slices without a ledger have none.
  const isExact =
    ended >= answered && ended <= reserved && reserved <= answered + (pairs.length + 2) * scenario.connections;
  if (!isExact) throw new Error(`${answered} requests were answered, ${reserved} reserved and ${ended} ended`);
  return pairs;
}

function databaseUrlAt(port) {
  const url = new URL(services.env.TEST_DATABASE_URL);
  url.port = port;
  return url.href;
}

/** A key with a budget that no run uses up. */
async function makeKey(origin, master) {
  const answer = await fetch(`${origin}/key/generate`, {
    method: 'POST',
    headers: { ...master, 'content-type': 'application/json' },
    body: JSON.stringify({ key: BUDGETED_KEY, max_budget: 1_000_000 }),
  });
  if (answer.status !== 200) throw new Error(`No key could be made: ${await answer.text()}`);
}

/** The slice with the ledger, compared with those before and after it. */
function ratiosOf(pairs, figure) {
  return pairs.slice(1).map(({ on, off }, index) => on[figure] / ((pairs[index].off[figure] + off[figure]) / 2));
}

endWithChildren();
const services = await startServices();
try {
  for (const pid of services.pids) execFileSync('taskset', ['-a', '-c', '-p', String(LOAD_CORE), String(pid)]);
  const { port } = new URL(services.env.TEST_DATABASE_URL);
  let isFirst = true;
  for (let number = 0; number < Number(values.processes); number += 1) {
    for (const caller of ['master key', 'key with a budget']) {
      const pairs = await pairsOf(caller, port, isFirst);
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
