/**
 * What the ledger costs within the gateway: gateways without a database and with one, with the small case: in
 * turns, or all at the same time on one core. README.md beside this file tells the method.
 *
 *     npm run build
 *     node bench/ledger.mjs [--runs 20] [--rounds 20] [--together] [--postgres] [--clients 50] [--database-ms 0]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startServices } from '../scripts/services.mjs';
import { Child, endWithChildren } from './children.mjs';
import { freePort, load, LOAD_CORE, TARGET_CORE } from './measure.mjs';
import { processorSeconds } from './proc.mjs';
import { prepare, SCENARIOS } from './scenarios.mjs';
import { TARGETS } from './targets.mjs';

/** Of each gateway, with the core to itself. */
const WARM_UP_SECONDS = 15;
const SLICE_SECONDS = 1;
const BUDGETED_KEY = 'sk-bench-with-a-budget-0123456789';
const CONFIGURED_KEY = 'sk-bench-configured-0123456789';

const { values } = parseArgs({
  options: {
    // PostgreSQL, on the load's core, in place of the stub, whose work costs nothing.
    postgres: { type: 'boolean', default: false },
    // All gateways are asked at the same time, and share their core.
    together: { type: 'boolean', default: false },
    // Each with processes of its own.
    runs: { type: 'string', default: '20' },
    // Of slices, one of each gateway, in a run.
    rounds: { type: 'string', default: '20' },
    clients: { type: 'string', default: '50' },
    // How long the stub database takes.
    'database-ms': { type: 'string', default: '0' },
  },
});
const small = SCENARIOS.find(({ name }) => name === 'small');
const gateway = TARGETS.find(({ name }) => name === 'gateway');

/** What is compared: each with the one that does the same for its caller, but for the ledger. */
function variants(databaseUrl, keysFile) {
  const database = { DATABASE_URL: databaseUrl };
  return [
    { name: 'no database, master key', env: {} },
    { name: 'ledger, master key', env: database, comparedWith: 'no database, master key' },
    { name: 'no database, configured key', env: { API_KEYS_FILE: keysFile }, key: CONFIGURED_KEY },
    {
      name: 'ledger, key with a budget',
      env: database,
      key: BUDGETED_KEY,
      comparedWith: 'no database, configured key',
    },
  ];
}

/** Starts a gateway and gives what is asked of it: by `fire`, for so many seconds, and what it has used of its core. */
async function start({ name, env, key, comparedWith }, { upstream, scenario, scratch, stack, written }) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const folder = path.join(scratch, name.replaceAll(/\W+/g, '-'));
  mkdirSync(folder, { recursive: true });
  const launched = gateway.launch({ port, upstream });
  const options = { core: TARGET_CORE, env: { NODE_ENV: 'production', TMPDIR: folder, ...launched.env, ...env } };
  const child = stack.use(new Child(launched.command, { ...options, logFile: path.join(folder, 'gateway.log') }));
  await child.ready(origin + gateway.health);
  const master = gateway.headers({});
  const own = key === undefined ? master : { authorization: `Bearer ${key}` };
  const headers = { 'content-type': scenario.contentType, ...own };
  const fire = async (seconds) => {
    const before = await processorSeconds(child.pid);
    const counted = await load({ scenario, url: origin + scenario.path, headers, seconds, scratch: folder });
    const failed = Object.values(counted.errors).some((count) => count > 0);
    if (failed) throw new Error(`${name} failed: ${JSON.stringify(counted.errors)}`);
    const used = (await processorSeconds(child.pid)) - before;
    if (env.DATABASE_URL !== undefined) written.answered += counted.requests;
    const lasted = counted.durationUs / 1e6;
    return { perSecond: counted.requests / lasted, cpuUs: (used * 1e6) / counted.requests, coreUsed: used / lasted };
  };
  return { name, comparedWith, origin, master, fire };
}

/** A key with a budget that no run uses up. */
async function makeKey({ origin, master }) {
  const answer = await fetch(`${origin}/key/generate`, {
    method: 'POST',
    headers: { ...master, 'content-type': 'application/json' },
    body: JSON.stringify({ key: BUDGETED_KEY, max_budget: 1_000_000 }),
  });
  if (answer.status !== 200) throw new Error(`No key could be made: ${await answer.text()}`);
}

/** Every answer has its reservation and its ending; a request that was under way at the end may lack the latter. */
async function refuseLosses(database, answered) {
  await database[Symbol.asyncDispose]();
  const { reserved, ended } = JSON.parse(database.output);
  if (ended < answered || reserved < ended) {
    throw new Error(`${answered} requests were answered, ${reserved} reserved and ${ended} ended`);
  }
}

const quantile = (numbers, share, round = Math.round) =>
  numbers.toSorted((a, b) => a - b)[round((numbers.length - 1) * share)];
const median = (numbers) => (quantile(numbers, 0.5, Math.floor) + quantile(numbers, 0.5, Math.ceil)) / 2;
/** The median, and the least and most of the runs. */
function withRange(numbers) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return `${median(numbers).toFixed(3)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
}

/** A run of processes of its own: what its gateways got done, by name. `number` turns the order in which they take part. */
async function run(number, { scenario, scratch, services, keysFile }) {
  await using stack = new AsyncDisposableStack();
  const stub = async (file, env = {}) => {
    const port = await freePort();
    const logFile = path.join(scratch, `${file}.log`);
    const command = [process.execPath, path.join(import.meta.dirname, file)];
    return [port, stack.use(new Child(command, { core: LOAD_CORE, env: { PORT: port, ...env }, logFile }))];
  };
  // Answers of gateways with a ledger.
  const written = { answered: 0 };
  const [upstreamPort, drawing] = await stub('stub-upstream.mjs');
  const upstream = `http://127.0.0.1:${upstreamPort}`;
  await drawing.ready(`${upstream}/__count`);
  const databaseUrl = new URL(services.env.TEST_DATABASE_URL);
  let database;
  if (!values.postgres) {
    const env = { DATABASE_PORT: databaseUrl.port, STUB_DELAY_MS: values['database-ms'] };
    [databaseUrl.port, database] = await stub('stub-database.mjs', env);
  }

  const all = [];
  for (const variant of turned(variants(databaseUrl.href, keysFile), number)) {
    all.push(await start(variant, { upstream, scenario, scratch, stack, written }));
  }
  if (number === 0) await makeKey(all.find(({ name }) => name === 'ledger, master key'));
  const ask = async (order, seconds) => {
    const slices = new Map();
    const askOne = async ({ name, fire }) => void slices.set(name, await fire(seconds));
    if (values.together) await Promise.all(order.map(askOne));
    else for (const each of order) await askOne(each);
    return slices;
  };
  await ask(all, values.together ? all.length * WARM_UP_SECONDS : WARM_UP_SECONDS);
  const rounds = [];
  // None of them ever has two turns in a row, which would be kind to its caches.
  while (rounds.length < Number(values.rounds)) rounds.push(await ask(turned(all, rounds.length), SLICE_SECONDS));
  if (database) await refuseLosses(database, written.answered);
  return new Map(all.map(({ name, comparedWith }) => [name, inOneRun(name, comparedWith, rounds)]));
}

function turned(list, by) {
  const turn = by % list.length;
  return [...list.slice(turn), ...list.slice(0, turn)];
}

/**
 * What a gateway does where nothing else on the machine holds it up: other work makes a slice slower and never faster, so of
 * the slices the best tenth says it. Where all share the core they are held up alike, and it is the ratio of the round that says it.
 */
function inOneRun(name, comparedWith, rounds) {
  const column = (figure, of = name) => rounds.map((slices) => slices.get(of)[figure]);
  const own = (figure, share) => quantile(column(figure), share);
  const ratio = (figure, share) => {
    if (!values.together) return own(figure, share) / quantile(column(figure, comparedWith), share);
    const others = column(figure, comparedWith);
    return median(column(figure).map((value, round) => value / others[round]));
  };
  const figures = { perSecond: own('perSecond', 0.9), cpuUs: own('cpuUs', 0.1), coreUsed: own('coreUsed', 0.5) };
  return { ...figures, ...(comparedWith && { xPerSecond: ratio('perSecond', 0.9), xCpu: ratio('cpuUs', 0.1) }) };
}

/** One row of the table, of all runs. */
function row(name, runs) {
  const column = (figure) => runs.map((each) => each.get(name)[figure]);
  const cells = [name, ...['perSecond', 'cpuUs'].map((figure) => median(column(figure)).toFixed(0))];
  cells.push(median(column('coreUsed')).toFixed(2));
  const isCompared = column('xCpu')[0] !== undefined;
  return [...cells, ...['xPerSecond', 'xCpu'].map((figure) => (isCompared ? withRange(column(figure)) : '1'))];
}

endWithChildren();
const scratch = mkdtempSync(path.join(tmpdir(), 'image-gateway-bench-'));
const services = await startServices();
try {
  for (const pid of services.pids) execFileSync('taskset', ['-a', '-c', '-p', String(LOAD_CORE), String(pid)]);
  const scenario = { ...(await prepare(small, scratch)), connections: Number(values.clients) };
  const keysFile = path.join(scratch, 'keys.json');
  writeFileSync(keysFile, JSON.stringify([{ key: CONFIGURED_KEY, alias: 'bench' }]));
  const runs = [];
  while (runs.length < Number(values.runs)) {
    runs.push(await run(runs.length, { scenario, scratch, services, keysFile }));
    for (const [name, { xPerSecond, xCpu }] of runs.at(-1)) {
      if (xCpu) console.log(`run ${runs.length}: ${name}: x ${xPerSecond.toFixed(3)} req/s, x ${xCpu.toFixed(3)} CPU`);
    }
  }
  console.log('\n|  | req/s | CPU µs/req | core used | x req/s | x CPU |');
  for (const { name } of variants('', '')) console.log(`| ${row(name, runs).join(' | ')} |`);
} finally {
  await services.stop();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
