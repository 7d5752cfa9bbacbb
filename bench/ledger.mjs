/**
 * What the ledger costs: the gateway without a database against the same gateway on PostgreSQL, in turns, with small
 * answers. README.md beside this file tells the method.
 *
 *     npm run build && node bench/ledger.mjs [--rounds 5] [--seconds 5] [--clients 50] [--pause 0]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startServices } from '../scripts/services.mjs';
import { Child, endWithChildren } from './children.mjs';
import { measure } from './measure.mjs';
import { prepare, SCENARIOS } from './scenarios.mjs';
import { TARGETS } from './targets.mjs';

const LOAD_CORE = '1';
const BUDGETED_KEY = 'sk-bench-0123456789abcdef';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '5' },
    clients: { type: 'string', default: '50' },
    // Milliseconds that each client waits before a request: what is offered is then the same for all.
    pause: { type: 'string', default: '0' },
  },
});
const gateway = TARGETS.find(({ name }) => name === 'gateway');

/** The gateway with other settings, and another key. */
const variant = (name, env, headers = gateway.headers) => ({
  ...gateway,
  name,
  headers,
  launch: (where) => {
    const { command, env: usual } = gateway.launch(where);
    return { command, env: { ...usual, ...env } };
  },
});

/** A key with a budget that no run uses up, made by a gateway on the same database. */
async function makeKey(target, scratch) {
  const port = 40_000 + (process.pid % 10_000);
  const origin = `http://127.0.0.1:${port}`;
  const { command, env } = target.launch({ port, upstream: 'http://127.0.0.1:9' });
  await using service = new Child(command, { core: 0, env, logFile: path.join(scratch, 'key.log') });
  await service.ready(origin + target.health);
  const answer = await fetch(`${origin}/key/generate`, {
    method: 'POST',
    headers: { ...target.headers({}), 'content-type': 'application/json' },
    body: JSON.stringify({ key: BUDGETED_KEY, max_budget: 1_000_000 }),
  });
  if (answer.status !== 200) throw new Error(`No key could be made: ${await answer.text()}`);
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

endWithChildren();
const scratch = mkdtempSync(path.join(tmpdir(), 'image-gateway-bench-'));
const services = await startServices();
try {
  for (const pid of services.pids) execFileSync('taskset', ['-a', '-c', '-p', LOAD_CORE, String(pid)]);
  const onPostgres = { DATABASE_URL: services.env.TEST_DATABASE_URL };
  const targets = [
    variant('no database', {}),
    variant('master key', onPostgres),
    variant('key with a budget', onPostgres, () => ({ authorization: `Bearer ${BUDGETED_KEY}` })),
  ];
  await makeKey(targets[1], scratch);
  const small = SCENARIOS.find(({ name }) => name === 'small');
  const load = { connections: Number(values.clients), pauseMs: Number(values.pause) };
  const scenario = { ...(await prepare(small, scratch)), ...load };
  const rows = new Map(targets.map(({ name }) => [name, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const turn = round % targets.length;
    for (const target of [...targets.slice(turn), ...targets.slice(0, turn)]) {
      const figures = await measure({
        ...{ scenario, target, seconds: Number(values.seconds), scratch },
        database: services.pids[0],
      });
      rows.get(target.name).push(figures);
      const { requestsPerSecond, cpuMs, databaseCpuMs, p50Ms, foreignTarget } = figures;
      console.error(
        `round ${round + 1}, ${target.name}: ${requestsPerSecond.toFixed(0)} req/s, p50 ${p50Ms.toFixed(1)} ms, CPU ${cpuMs.toFixed(4)} + ${databaseCpuMs.toFixed(4)} ms a request, other work ${foreignTarget.toFixed(2)}`,
      );
    }
  }
  const base = rows.get('no database');
  for (const [name, measured] of rows) {
    const ratios = measured.map(({ cpuMs }, round) => cpuMs / base[round].cpuMs);
    const middle = (figure) => median(measured.map((figures) => figures[figure]));
    const cells = [
      name,
      middle('requestsPerSecond').toFixed(0),
      middle('p50Ms').toFixed(1),
      middle('cpuMs').toFixed(3),
      middle('databaseCpuMs').toFixed(3),
      `${median(ratios).toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(', ')})`,
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
} finally {
  await services.stop();
  rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
}
