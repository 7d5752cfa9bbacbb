import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { draw, startDispatch } from './dispatch-setup.mjs';

const EACH = 500;
const WATCHED_MS = 6_000;
const PATIENCE_MS = 60_000;
/** Of the gateway's own measurement, which it includes. */
const RESOLUTION_MS = 10;

/**
 * How late a gateway's event loop is with 500 requests waiting for a slot and 500 streams open. Resolves to the p99 of a few
 * seconds, to what the gateway said it had meanwhile, and to how late this process was, which is idle (`idleMs`, at p99 too).
 *
 * @throws Error where the gateway does not take so many
 */
export async function eventLoop() {
  // One account takes three requests a second; on the other nobody waits, and a picture takes its time.
  await using setup = await startDispatch({
    rps: 3,
    sandboxRps: 0,
    latencyMs: 20_000,
    env: {
      RECRAFT_API_KEY: 'streams',
      UPSTREAM_RPS: '0',
      UPSTREAM_IPM: '0',
      UPSTREAM_CONNECTIONS: '600',
      SSE_HEARTBEAT_MS: '1000',
      SHUTDOWN_TIMEOUT_MS: '0',
    },
    builtInAtSandbox: true,
  });
  const [url] = setup.urls;
  const hangUp = new AbortController();
  const { signal } = hangUp;
  const stream = { model: 'recraft/recraftv2_vector', fields: { stream: true }, timeoutMs: 60_000, signal };
  const calls = Array.from({ length: EACH }, () => [
    draw(url, { timeoutMs: 280_000, signal }),
    draw(url, stream),
  ]).flat();
  const metrics = async () =>
    (await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer sk-dispatch' } })).text();
  // The sum over its labels; NaN where there is none.
  const figure = (text, name) => {
    const values = [...text.matchAll(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)$`, 'gm'))].map(([, value]) =>
      Number(value),
    );
    return values.length === 0 ? Number.NaN : values.reduce((sum, value) => sum + value);
  };
  let text = await metrics();
  const deadline = performance.now() + PATIENCE_MS;
  while (figure(text, 'recraft_gateway_inflight_requests') < 2 * EACH - 10) {
    if (performance.now() > deadline) throw new Error('The gateway does not take so many requests.');
    text = await metrics();
  }
  // The lag of the next seconds alone: reading it begins it anew.
  const idle = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  idle.enable();
  await pause(WATCHED_MS);
  idle.disable();
  text = await metrics();
  hangUp.abort();
  await Promise.all(calls);
  return {
    waiting: figure(text, 'recraft_gateway_queue_length'),
    inFlight: figure(text, 'recraft_gateway_inflight_requests'),
    p99Ms: figure(text, 'nodejs_eventloop_lag_p99_seconds') * 1_000,
    idleMs: Math.max(0, idle.percentile(99) / 1e6 - RESOLUTION_MS),
  };
}
