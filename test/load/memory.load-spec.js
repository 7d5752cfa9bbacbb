import { describe, expect, it, jest } from '@jest/globals';
import { canMeasureMemory, forgetPeak, peakMb, residentMb } from './support/memory.mjs';
import { report, start } from './support/service.mjs';

const MIB = 1024 * 1024;
const ROUNDS = 3;

jest.setTimeout(240_000);
// What the collector has not come to yet is in a peak, too: the machine's pace decides about a few megabytes of it.
jest.retryTimes(2);

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
