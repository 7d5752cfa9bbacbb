import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from './children.mjs';
import { InvalidRun } from './invalid-run.mjs';
import { coreBusySeconds, cpuSeconds, forgetPeakMemory, peakMemoryMb } from './proc.mjs';

export const TARGET_CORE = 0;
export const LOAD_CORE = 1;
const WARM_UP_SECONDS = 8;
const CALM_SAMPLE_MS = 500;
const CALM_PATIENCE_MS = 30_000;
/** From this share of a core on, work that is no part of the run disturbs it. */
export const NOTABLE_FOREIGN_CORE = 0.1;
const STUB = path.join(import.meta.dirname, 'stub-upstream.mjs');
const LUA = path.join(import.meta.dirname, 'load.lua');

export async function freePort() {
  const { promise, resolve } = Promise.withResolvers();
  const server = createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
  return promise;
}

/**
 * One run: a fresh stub and a fresh target, eight seconds of warm-up, then `seconds` measured.
 * `disturbed` says whether other work on the machine took part of the cores.
 * Throws InvalidRun where a process does not start, an answer is wrong or a request fails.
 */
export async function measure({ scenario, target, seconds, scratch }) {
  const [stubPort, targetPort] = [await freePort(), await freePort()];
  const upstream = `http://127.0.0.1:${stubPort}`;
  const origin = `http://127.0.0.1:${targetPort}`;

  await using stub = new Child([process.execPath, STUB], {
    core: LOAD_CORE,
    env: { PORT: stubPort, STUB_ANSWER_BYTES: scenario.answerBytes, STUB_LEAST_BODY_BYTES: scenario.leastBodyBytes },
    logFile: path.join(scratch, 'stub.log'),
  });
  const answered = async () => Number(await (await fetch(`${upstream}/__count`)).text());
  await stub.ready(`${upstream}/__count`);

  const { command, env } = target.launch({ port: targetPort, upstream });
  await using service = new Child(command, {
    core: TARGET_CORE,
    env: { NODE_ENV: 'production', TMPDIR: scratch, ...env },
    logFile: path.join(scratch, 'target.log'),
  });
  await service.ready(origin + target.health);

  const headers = { 'content-type': scenario.contentType, ...target.headers({ scenario, upstream }) };
  const fire = (forSeconds) => load({ scenario, url: origin + scenario.path, headers, seconds: forSeconds, scratch });
  const clock = async () => ({
    target: await cpuSeconds(service.pid),
    stub: await cpuSeconds(stub.pid),
    targetCore: await coreBusySeconds(TARGET_CORE),
    loadCore: await coreBusySeconds(LOAD_CORE),
    answered: await answered(),
  });

  await checkAnswer({ scenario, url: origin + scenario.path, headers });
  await fire(WARM_UP_SECONDS);
  await calm();
  await forgetPeakMemory(service.pid);
  const before = await clock();
  const counted = await fire(seconds);
  const after = await clock();
  const peakMb = await peakMemoryMb(service.pid);

  const spent = Object.fromEntries(Object.keys(before).map((key) => [key, after[key] - before[key]]));
  refuseFailures({ counted, spent, scenario });
  return { ...figures({ counted, spent }), peakMb };
}

/** Asks once and looks at the answer: a target that answers 200 with something else must not win. */
async function checkAnswer({ scenario, url, headers }) {
  const response = await fetch(url, { method: 'POST', headers, body: scenario.body });
  const text = await response.text();
  const picture = response.status === 200 ? JSON.parse(text).data?.[0] : undefined;
  const correct =
    scenario.answerBytes > 0 ? picture?.b64_json?.length === scenario.answerBytes : picture?.url?.startsWith('https:');
  if (!correct) throw new InvalidRun(`answered ${response.status} ${text.slice(0, 300)}`);
}

/** Waits until both cores are idle: the warm-up's last requests are done, and so is other work, if it ends in time. */
async function calm() {
  const deadline = Date.now() + CALM_PATIENCE_MS;
  const busy = () => Promise.all([TARGET_CORE, LOAD_CORE].map(coreBusySeconds));
  let before;
  let now = await busy();
  do {
    before = now;
    await sleep(CALM_SAMPLE_MS);
    now = await busy();
  } while (
    Date.now() < deadline &&
    now.some((seconds, i) => seconds - before[i] >= NOTABLE_FOREIGN_CORE * (CALM_SAMPLE_MS / 1e3))
  );
}

/** Runs wrk with one thread; what load.lua reports. `scratch` is a folder of this load alone. */
export async function load({ scenario, url, headers, seconds, scratch }) {
  const options = ['-t1', `-c${scenario.connections}`, `-d${seconds}s`, '--timeout', '30s', '-s', LUA];
  await using wrk = new Child(['wrk', ...options, url], {
    core: LOAD_CORE,
    env: {
      BENCH_BODY: scenario.bodyFile,
      BENCH_HEADERS: Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}`)
        .join('\n'),
    },
    logFile: path.join(scratch, 'wrk.log'),
  });
  await wrk.ended;
  const result = /^RESULT (.*)$/m.exec(wrk.output);
  if (!result) throw new InvalidRun(`wrk failed: ${wrk.output}`);
  return JSON.parse(result[1]);
}

function figures({ counted, spent }) {
  const seconds = counted.durationUs / 1e6;
  // CPU of processes that are no part of the run, in cores, on the target's core and on the load's.
  const foreignTarget = Math.max(0, spent.targetCore - spent.target) / seconds;
  const foreignLoad = Math.max(0, spent.loadCore - spent.stub - counted.cpuSeconds) / seconds;
  return {
    requestsPerSecond: counted.requests / seconds,
    p50Ms: counted.p50Us / 1e3,
    p99Ms: counted.p99Us / 1e3,
    cpuMs: (spent.target * 1e3) / counted.requests,
    /** Share of its core that the target used; well below 1, something else held it back. */
    coreShare: spent.target / seconds,
    foreignTarget,
    foreignLoad,
    disturbed: Math.max(foreignTarget, foreignLoad) >= NOTABLE_FOREIGN_CORE,
  };
}

function refuseFailures({ counted, spent, scenario }) {
  const errors = Object.entries(counted.errors).filter(([, count]) => count > 0);
  if (errors.length > 0) throw new InvalidRun(errors.map(([kind, count]) => `${count} ${kind} errors`).join(', '));
  if (counted.requests === 0) throw new InvalidRun('no request was answered');
  // Requests that were under way when the load stopped were answered and not counted.
  const uncounted = spent.answered - counted.requests;
  if (uncounted < 0 || uncounted > scenario.connections) {
    throw new InvalidRun(`the upstream answered ${spent.answered} requests, the load counted ${counted.requests}`);
  }
}
