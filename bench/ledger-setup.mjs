/** What the two benchmarks of the ledger share: the stubs, the key, the asking, and medians. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { Child } from './children.mjs';
import { freePort, load, LOAD_CORE } from './measure.mjs';
import { processorSeconds } from './proc.mjs';

export const BUDGETED_KEY = 'sk-bench-with-a-budget-0123456789';

/** Puts PostgreSQL on the load's core. */
export function pinServices({ pids }) {
  for (const pid of pids) execFileSync('taskset', ['-a', '-c', '-p', String(LOAD_CORE), String(pid)]);
}

/** Starts a stub of this folder on the load's core, until `stack` is disposed of: its port and its process. */
export async function startStub(file, { stack, scratch, env = {} }) {
  const port = await freePort();
  const command = [process.execPath, path.join(import.meta.dirname, file)];
  const options = { core: LOAD_CORE, env: { PORT: port, ...env }, logFile: path.join(scratch, `${file}.log`) };
  return [port, stack.use(new Child(command, options))];
}

/** Starts the stub that draws: its origin, when it answers. */
export async function startUpstream(options) {
  const [port, drawing] = await startStub('stub-upstream.mjs', options);
  const upstream = `http://127.0.0.1:${port}`;
  await drawing.ready(`${upstream}/__count`);
  return upstream;
}

/** Makes a key with a budget that no run uses up. */
export async function makeKey(origin, master) {
  const answer = await fetch(`${origin}/key/generate`, {
    method: 'POST',
    headers: { ...master, 'content-type': 'application/json' },
    body: JSON.stringify({ key: BUDGETED_KEY, max_budget: 1_000_000 }),
  });
  if (answer.status !== 200) throw new Error(`No key could be made: ${await answer.text()}`);
}

/** Asks a gateway for so many seconds: what it answered, and what it used of its core. Throws where a request failed. */
export async function ask({ child, origin, scenario, headers, seconds, scratch }) {
  const before = await processorSeconds(child.pid);
  const { requests, durationUs, errors } = await load({
    scenario,
    url: origin + scenario.path,
    headers: { 'content-type': scenario.contentType, ...headers },
    seconds,
    scratch,
  });
  if (Object.values(errors).some((count) => count > 0)) throw new Error(`Requests failed: ${JSON.stringify(errors)}`);
  const used = (await processorSeconds(child.pid)) - before;
  const lasted = durationUs / 1e6;
  return { requests, perSecond: requests / lasted, cpuUs: (used * 1e6) / requests, coreUsed: used / lasted };
}

/**
 * Ends the stub database and throws where an answer lacks its reservation or its ending; a request that was under way at
 * the end may lack the latter. `most` is how many reservations there can be.
 */
export async function refuseLosses(database, answered, most = Infinity) {
  await database[Symbol.asyncDispose]();
  const { reserved, ended } = JSON.parse(database.output);
  if (ended < answered || reserved < ended || reserved > most) {
    throw new Error(`${answered} requests were answered, ${reserved} reserved and ${ended} ended`);
  }
}

export const quantile = (numbers, share, round = Math.round) =>
  numbers.toSorted((a, b) => a - b)[round((numbers.length - 1) * share)];
export const median = (numbers) => (quantile(numbers, 0.5, Math.floor) + quantile(numbers, 0.5, Math.ceil)) / 2;
