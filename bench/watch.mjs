/**
 * Loaded before a program (`node --import`): tells over its IPC channel, as answer to any message, how late the program
 * was and what it sent. `{ lagMs, sent }`: the longest that its event loop was held up since it was asked last, and
 * for each request to an upstream its key and when its head was written, in milliseconds since the epoch.
 */
import { subscribe } from 'node:diagnostics_channel';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;

const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
const sent = [];

// A channel of undici's, told as the head of a request is written.
subscribe('undici:client:sendHeaders', ({ headers }) => {
  const key = /^authorization: Bearer (.+)\r$/im.exec(headers)?.[1];
  sent.push({ key, at: performance.timeOrigin + performance.now() });
});

process.on('message', () => {
  process.send({ lagMs: Math.max(0, delay.max / 1e6 - RESOLUTION_MS), sent });
  delay.reset();
});
// It does not keep the program from ending.
process.channel?.unref();
