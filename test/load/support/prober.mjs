/**
 * A health check that asks again and again over one connection.
 *
 * Parameter: `{ url, everyMs }`. It begins at once; the first message ends it and is answered with the milliseconds of
 * each probe, sorted. A probe that had to wait for the one before it counts from when it was due: otherwise a stall
 * would show in a single probe, however many it held up.
 */
import { Agent, get } from 'node:http';
import { once } from 'node:events';
import { setTimeout as until } from 'node:timers/promises';
import { serve } from './program.mjs';

const { url, everyMs } = JSON.parse(process.argv[2]);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });
const probes = [];
let going = true;

async function probe() {
  const [response] = await once(get(url, { agent }), 'response');
  await response.toArray();
  if (response.statusCode !== 200) throw new Error(`The probe got a ${response.statusCode}.`);
}

async function probeOnAndOn() {
  let due = performance.now();
  while (going) {
    const late = performance.now() >= due;
    if (!late) await until(due - performance.now());
    // A timer of this process that fires late says nothing about the gateway.
    const from = late ? due : performance.now();
    await probe();
    probes.push(performance.now() - from);
    due += everyMs;
  }
}

await probe();
const probing = probeOnAndOn();
serve({}, async () => {
  going = false;
  await probing;
  return probes.sort((a, b) => a - b);
});
