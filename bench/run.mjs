/** Compares the built gateway with a plain Node proxy and with Portkey. README.md beside this file tells the method. */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { endWithChildren } from './children.mjs';
import { InvalidRun } from './invalid-run.mjs';
import { measure } from './measure.mjs';
import { describe, judge, Results, writeInto } from './report.mjs';
import { prepare, SCENARIOS } from './scenarios.mjs';
import { TARGETS } from './targets.mjs';

const USAGE = `node bench/run.mjs [--rounds 3] [--seconds 5] [--only ${names(SCENARIOS)}] [--targets ${names(TARGETS)}] [--write] [--check]

--only, --targets  cases and targets to run, separated by commas
--write            put the results into bench/README.md
--check            end with exit code 1 when a goal is missed`;

const README = path.join(import.meta.dirname, 'README.md');

function names(things) {
  return things.map(({ name }) => name).join(',');
}

function choose(things, wanted) {
  if (wanted === undefined) return things;
  const chosen = wanted.split(',');
  const unknown = chosen.filter((name) => !things.some((thing) => thing.name === name));
  if (unknown.length > 0) throw new Error(`Unknown: ${unknown.join(', ')}. Known: ${names(things)}.`);
  return things.filter(({ name }) => chosen.includes(name));
}

function atLeastOne(name, value) {
  if (!/^[1-9]\d*$/.test(value)) throw new Error(`--${name} takes a whole number above 0, not '${value}'.`);
  return Number(value);
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string', default: '5' },
      only: { type: 'string' },
      targets: { type: 'string' },
      write: { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    ...values,
    rounds: atLeastOne('rounds', values.rounds),
    seconds: atLeastOne('seconds', values.seconds),
    scenarios: choose(SCENARIOS, values.only),
    targets: choose(TARGETS, values.targets),
  };
}

/** wrk's name and version; installs it from Debian's packages where it is missing and that is allowed. */
function requireWrk() {
  if (availableParallelism() < 2) throw new Error('Two cores are needed: one for the target, one for the load.');
  try {
    return wrkVersion();
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
  if (process.getuid() !== 0) throw new Error('wrk is missing: apt-get install wrk');
  execFileSync('apt-get', ['update'], { stdio: 'ignore' });
  execFileSync('apt-get', ['install', '--yes', '--no-install-recommends', 'wrk'], { stdio: 'ignore' });
  return wrkVersion();
}

function wrkVersion() {
  // `-v` counts as a wrong call: wrk prints its version and its usage and ends with 1.
  try {
    return execFileSync('wrk', ['-v'], { stdio: 'pipe' }).toString();
  } catch (error) {
    if (error.status !== 1) throw error;
    return /^wrk \S+/.exec(error.stdout)[0];
  }
}

/** The targets that can be started, and one sentence for each that cannot. The gateway itself must be there. */
async function prepareTargets(targets) {
  const ready = [];
  const absent = [];
  for (const target of targets) {
    try {
      await target.prepare();
      ready.push(target);
    } catch (error) {
      if (target.name === 'gateway') throw error;
      absent.push(`${target.title}: not installed.`);
      console.error(`${target.title} is left out: ${error.message}`);
    }
  }
  return { ready, absent };
}

/** A run, repeated once where it was invalid or disturbed: the calmer of both; undefined where none was valid. */
async function measureTwiceAtMost(label, run) {
  const results = [];
  for (const attempt of ['first', 'second']) {
    try {
      const result = await measure(run);
      console.error(`${label}: ${summary(result)}${result.disturbed ? ' (disturbed)' : ''}`);
      if (!result.disturbed) return result;
      results.push(result);
    } catch (error) {
      if (!(error instanceof InvalidRun)) throw error;
      console.error(`${label}: ${attempt} attempt is invalid: ${error.message}`);
    }
  }
  return results.toSorted((a, b) => foreign(a) - foreign(b))[0];
}

function foreign({ foreignTarget, foreignLoad }) {
  return foreignTarget + foreignLoad;
}

function summary({ requestsPerSecond, p50Ms, p99Ms, cpuMs, peakMb, coreShare, foreignTarget, foreignLoad }) {
  const figures = [
    `${requestsPerSecond.toFixed(0)} req/s`,
    `p50 ${p50Ms.toFixed(2)} ms`,
    `p99 ${p99Ms.toFixed(1)} ms`,
    `CPU ${cpuMs.toFixed(3)} ms`,
    `peak ${peakMb.toFixed(0)} MB`,
    `core ${coreShare.toFixed(2)}`,
    `other work ${foreignTarget.toFixed(2)} + ${foreignLoad.toFixed(2)}`,
  ];
  return figures.join(', ');
}

/** Every target in every scenario, round by round; the order of the targets turns, so that none is always first. */
async function runAll({ rounds, scenarios, targets, seconds, scratch }) {
  const results = new Results();
  const prepared = await Promise.all(scenarios.map((scenario) => prepare(scenario, scratch)));
  for (let round = 0; round < rounds; round += 1) {
    const turn = round % targets.length;
    for (const scenario of prepared) {
      for (const target of [...targets.slice(turn), ...targets.slice(0, turn)]) {
        const label = `round ${round + 1}, ${scenario.title}, ${target.title}`;
        const result = await measureTwiceAtMost(label, { scenario, target, seconds, scratch });
        if (result) results.add({ round, scenario: scenario.name, target: target.name, ...result });
      }
    }
  }
  return results;
}

async function main() {
  const { scenarios, targets: wanted, rounds, seconds, write, check, help } = readOptions();
  if (help) {
    console.log(USAGE);
    return;
  }
  const wrk = requireWrk();
  const { ready: targets, absent } = await prepareTargets(wanted);
  const scratch = await mkdtemp(path.join(tmpdir(), 'image-gateway-bench-'));
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));

  const results = await runAll({ rounds, scenarios, targets, seconds, scratch });
  const verdicts = judge(results, scenarios, targets);
  const text = describe({ results, scenarios, targets, verdicts, seconds, wrkVersion: wrk, absent });
  console.log(text);
  if (write) await writeInto(README, text);
  if (check && verdicts.some(({ met }) => !met)) process.exitCode = 1;
}

endWithChildren();
try {
  await main();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
