import { describe, expect, it, jest } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { canMeasureMemory, forgetPeak, peakMb, residentMb } from './support/memory.mjs';
import { Program } from './support/program.mjs';

const MIB = 1024 * 1024;
const ROUNDS = 3;

jest.setTimeout(240_000);

const fileOf = (path) => fileURLToPath(new URL(path, import.meta.url));

/** For whoever reads the run: jest itself shows no figures. */
const report = (what, figures) => process.stderr.write(`      ${what}: ${figures}\n`);

/** Node's own options that the gateway is shipped with. */
async function flagsOfNpmStart() {
  const { scripts } = JSON.parse(await readFile(fileOf('../../package.json'), 'utf8'));
  return scripts.start.split(' ').filter((word) => word.startsWith('--'));
}

/** The built gateway in front of a stand-in for Recraft, and clients to ask it: each a process of its own. */
async function start({ base64Bytes = 0 } = {}) {
  await using started = new AsyncDisposableStack();
  const run = async (file, options) => started.use(await Program.start(fileOf(file), options));
  const upstream = await run('./support/upstream.mjs', { parameters: { base64Bytes } });
  const gateway = await run('../../dist/main.js', {
    execArgv: await flagsOfNpmStart(),
    env: {
      RECRAFT_API_KEY: 'of-recraft',
      RECRAFT_API_BASE: upstream.about.url,
      MASTER_KEY: 'sk-1234',
      DATABASE_URL: 'none',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'info',
      UPSTREAM_RPS: '0',
      UPSTREAM_IPM: '0',
    },
  });
  const clients = await run('./support/clients.mjs', { parameters: { url: gateway.about.url, key: 'sk-1234' } });
  const stack = started.move();
  return { upstream, gateway, clients, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/**
 * Lets `count` clients ask at once, whose answers the upstream holds until every request has arrived whole: all are
 * under way together. Does so several times, after a first one for warming up, and expects each client to get every byte.
 * Resolves to the gateway's peak since the warm-up, in MB.
 */
async function peakOf({ upstream, gateway, clients }, { count, ...wanted }) {
  await upstream.ask({ together: count });
  const everybodyServed = [{ status: 200, sha256: upstream.about.sha256, clients: count }];
  expect(await clients.ask({ count, ...wanted })).toEqual(everybodyServed);

  const before = await residentMb(gateway.pid);
  await forgetPeak(gateway.pid);
  const peaks = [];
  for (let round = 0; round < ROUNDS; round++) {
    expect(await clients.ask({ count, ...wanted })).toEqual(everybodyServed);
    peaks.push(await peakMb(gateway.pid));
  }
  const figures = peaks.map((peak) => peak.toFixed(0)).join(', ');
  report(`peak after each of ${ROUNDS} rounds`, `${figures} MB (${before.toFixed(0)} MB before them)`);
  return peaks.at(-1);
}

const ifMeasurable = canMeasureMemory ? describe : describe.skip;

ifMeasurable('the memory of the gateway (read from /proc, so on Linux alone)', () => {
  it('stays under 256 MB with 100 answers of 4 MiB under way', async () => {
    await using service = await start({ base64Bytes: 4 * MIB });

    expect(await peakOf(service, { count: 100, send: 'generation', base64: true })).toBeLessThan(256);
  });

  it('stays under 256 MB with 100 clients who read their 4 MiB slowly', async () => {
    await using service = await start({ base64Bytes: 4 * MIB });

    const slowly = { restMs: 30 };
    expect(await peakOf(service, { count: 100, send: 'generation', base64: true, ...slowly })).toBeLessThan(256);
  });

  it('stays under 300 MB with 100 uploads of 5 MiB under way', async () => {
    await using service = await start();

    expect(await peakOf(service, { count: 100, send: 'upload' })).toBeLessThan(300);
  });
});

// What is measured here is also the machine's own jitter.
jest.retryTimes(2);

describe('the health check', () => {
  it('answers within 50 ms at p99 beside 200 generations that take 8 s', async () => {
    await using service = await start();
    const { upstream, gateway, clients } = service;
    const generations = { count: 200, send: 'generation' };
    const everybodyServed = [{ status: 200, sha256: upstream.about.sha256, clients: 200 }];
    expect(await clients.ask(generations)).toEqual(everybodyServed);
    await upstream.ask({ delayMs: 8_000 });

    const url = `${gateway.about.url}/health/liveliness`;
    await using prober = await Program.start(fileOf('./support/prober.mjs'), { parameters: { url, everyMs: 25 } });
    expect(await clients.ask(generations)).toEqual(everybodyServed);
    const probes = await prober.ask('stop');

    const at = (share) => probes[Math.floor(share * (probes.length - 1))];
    const figures = [0.5, 0.99, 1].map((share) => `${at(share).toFixed(1)} ms`);
    report(`p50, p99 and slowest of ${probes.length} probes`, figures.join(', '));
    // As many as fit into the time of the generations, or the probes were held up.
    expect(probes.length).toBeGreaterThan(300);
    expect(at(0.99)).toBeLessThan(50);
  });
});
