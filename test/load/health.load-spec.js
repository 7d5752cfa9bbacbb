import { describe, expect, it, jest } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { Program } from './support/program.mjs';
import { report, start } from './support/service.mjs';

const PROBER = fileURLToPath(new URL('./support/prober.mjs', import.meta.url));

jest.setTimeout(240_000);

// What is measured here is also the machine's own jitter. It holds for every test of a file, so this one has a file of its own.
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
    await using prober = await Program.start(PROBER, { parameters: { url, everyMs: 25 } });
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
