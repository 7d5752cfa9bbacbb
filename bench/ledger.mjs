/**
 * What the ledger costs within the gateway: gateways without a database and with one, with the small case: in
 * turns, or all at the same time on one core. README.md beside this file tells the method.
 *
 *     npm run build
 *     node bench/ledger.mjs [--runs 20] [--rounds 20] [--together] [--postgres] [--clients 50] [--database-ms 0]
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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
  quantile,
  refuseLosses,
  startStub,
  startUpstream,
} from './ledger-setup.mjs';
import { freePort, TARGET_CORE } from './measure.mjs';
import { prepare, SCENARIOS } from './scenarios.mjs';
import { TARGETS } from './targets.mjs';

/** Of each gateway, with the core to itself. */
const WARM_UP_SECONDS = 15;
const SLICE_SECONDS = 1;
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
  const headers = key === undefined ? master : { authorization: `Bearer ${key}` };
  const fire = async (seconds) => {
    const figures = await ask({ child, origin, scenario, headers, seconds, scratch: folder });
    if (env.DATABASE_URL !== undefined) written.answered += figures.requests;
    return figures;
  };
  return { name, comparedWith, origin, master, fire };
}

/** The median, and the least and most of the runs. */
function withRange(numbers) {
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  return `${median(numbers).toFixed(3)} (${least.toFixed(2)} to ${most.toFixed(2)})`;
}

/** A run of processes of its own: what its gateways got done, by name. `number` turns the order in which they take part. */
async function run(number, { scenario, scratch, services, keysFile }) {
  await using stack = new AsyncDisposableStack();
  // Answers of gateways with a ledger.
  const written = { answered: 0 };
  const upstream = await startUpstream({ stack, scratch });
  const databaseUrl = new URL(services.env.TEST_DATABASE_URL);
  let database;
  if (!values.postgres) {
    const env = { DATABASE_PORT: databaseUrl.port, STUB_DELAY_MS: values['database-ms'] };
    [databaseUrl.port, database] = await startStub('stub-database.mjs', { stack, scratch, env });
  }

  const all = [];
  for (const variant of turned(variants(databaseUrl.href, keysFile), number)) {
    all.push(await start(variant, { upstream, scenario, scratch, stack, written }));
  }
  if (number === 0) {
    const { origin, master } = all.find(({ name }) => name === 'ledger, master key');
    await makeKey(origin, master);
  }
  const askAll = async (order, seconds) => {
    const slices = new Map();
    const askOne = async ({ name, fire }) => void slices.set(name, await fire(seconds));
    if (values.together) await Promise.all(order.map(askOne));
    else for (const each of order) await askOne(each);
    return slices;
  };
  await askAll(all, values.together ? all.length * WARM_UP_SECONDS : WARM_UP_SECONDS);
  const rounds = [];
  // None of them ever has two turns in a row, which would be kind to its caches.
  while (rounds.length < Number(values.rounds)) rounds.push(await askAll(turned(all, rounds.length), SLICE_SECONDS));
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
  pinServices(services);
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
