import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { LEAST_MARGIN_MS } from '../../src/routing/slots/margin.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { configFile } from '../support/config.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { RawClient, rawPost } from '../support/raw-client.js';
import { watchSent } from '../support/sent-times.js';

const GENERATIONS = '/v1/images/generations';

jest.setTimeout(60_000);

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

/**
 * A sandbox with Recraft's limit of requests a second, and a gateway that keeps to it. They share a process that other tests
 * hold up: where the sandbox counts a request too late, it is sent again, as by default.
 */
async function start(environment: Readonly<Record<string, string>> = {}, { rps = 5, ipm = 0, latencyMs = 0 } = {}) {
  const sandbox = stack.use(await Sandbox.start({ requestsPerSecond: rps, imagesPerMinute: ipm, latencyMs }));
  const limits = { UPSTREAM_RPS: String(rps), UPSTREAM_IPM: String(ipm), NUM_RETRIES: '3' };
  const gateway = stack.use(await startGateway(sandbox, { ...limits, ...environment }));
  // The first picture of a process takes long to draw, and holds up whatever comes beside it.
  await fetch(`${sandbox.url}${GENERATIONS}`, {
    method: 'POST',
    headers: { authorization: 'Bearer warm-up', 'content-type': 'application/json' },
    body: '{"prompt":"a fox"}',
  });
  sandbox.reset();
  return { sandbox, gateway };
}

const generate = (gateway: RunningGateway, fields: object = {}) =>
  gateway.post(GENERATIONS, { prompt: 'a fox', ...fields });

/** Statuses of so many requests asked at once. */
async function burst(gateway: RunningGateway, count: number, fields: object = {}): Promise<number[]> {
  const answers = await Promise.all(Array.from({ length: count }, () => generate(gateway, fields)));
  await Promise.all(answers.map((answer) => answer.arrayBuffer()));
  return answers.map(({ status }) => status);
}

const served = (sandbox: Sandbox) => sandbox.requests().filter(({ status }) => status === 200).length;

describe('Requests beyond the limit of an account', () => {
  it('wait, and are all served: over no second does more than the limit leave, and Recraft refuses none', async () => {
    const { sandbox, gateway } = await start();
    using sent = watchSent(sandbox);
    const lag = monitorEventLoopDelay({ resolution: 1 });
    lag.enable();
    const statuses = await burst(gateway, 17);
    lag.disable();
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(sent.times.length).toBeGreaterThanOrEqual(17);
    expect(sent.shortestSpanMs(5)).toBeGreaterThanOrEqual(1_000);
    // A process that was held up for longer than the margin can have counted late what had left in time.
    const wasHeldUp = lag.max / 1e6 > LEAST_MARGIN_MS;
    expect(served(sandbox)).toBe(17);
    expect(wasHeldUp ? 17 : sandbox.requests().length).toBe(17);
  });

  it('are told how long they waited, which is no overhead of the gateway', async () => {
    const { gateway } = await start({}, { rps: 1 });
    const [first, second] = await Promise.all([generate(gateway), generate(gateway)]);
    const waits = [first, second]
      .map(({ headers }) => Number(headers.get('x-queue-time-ms')))
      .toSorted((a, b) => a - b);
    expect(waits[0]).toBe(0);
    expect(waits[1]).toBeGreaterThan(900);
    expect(Number(second.headers.get('x-litellm-overhead-duration-ms'))).toBeLessThan(500);
    const metrics = await (await gateway.call('/metrics')).text();
    expect(metrics).toContain('recraft_gateway_queue_wait_seconds_count 1');
    expect(metrics).toContain('recraft_gateway_queue_length{account="default"} 0');
  });

  it('are refused at once where they cannot be served in time, with an honest Retry-After', async () => {
    const { gateway } = await start({}, { rps: 1 });
    const served = burst(gateway, 4);
    const asked = performance.now();
    const hopeless = await generate(gateway, { timeout: 3 });
    expect(performance.now() - asked).toBeLessThan(3_000);
    expect({ status: hopeless.status, retryAfter: hopeless.headers.get('retry-after') }).toEqual({
      status: 429,
      retryAfter: '5',
    });
    expect(await hopeless.json()).toMatchObject({ error: { code: 'queue_full', type: 'rate_limit_error' } });
    expect(await served).toEqual([200, 200, 200, 200]);
  });

  it('are refused at once where the queue is full', async () => {
    const { gateway } = await start({ QUEUE_SIZE: '2' }, { rps: 1 });
    const statuses = await burst(gateway, 6);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 200, 429, 429, 429]);
  });

  it('are dropped when their caller leaves, and never sent', async () => {
    const { sandbox, gateway } = await start({}, { rps: 1 });
    await generate(gateway);
    const client = await RawClient.connect(gateway.url);
    client.send(rawPost(GENERATIONS, gateway.key, { prompt: 'left' }));
    const metric = async () =>
      /queue_length\{account="default"\} (\d+)/.exec(await (await gateway.call('/metrics')).text())?.[1];
    while ((await metric()) !== '1') await new Promise(setImmediate);
    client.leave();
    while ((await metric()) !== '0') await new Promise(setImmediate);
    await burst(gateway, 1);
    expect(served(sandbox)).toBe(2);
  });

  it('count pictures: what makes none passes those that wait for them', async () => {
    const { sandbox, gateway } = await start({ QUEUE_TIMEOUT_MS: '280000' }, { rps: 50, ipm: 6 });
    await burst(gateway, 1, { n: 6 });
    const caller = new AbortController();
    const waiting = gateway.post(GENERATIONS, { prompt: 'waits a minute' }, { signal: caller.signal });
    expect((await gateway.call('/v1/users/me')).status).toBe(200);
    expect((await gateway.call('/v1/styles')).status).toBe(200);
    caller.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    expect(sandbox.requests().map(({ path }) => path)).not.toContain('waits a minute');
  });

  it('get comments in their event stream while they wait', async () => {
    const { gateway } = await start({ SSE_HEARTBEAT_MS: '100' }, { rps: 1 });
    const [, stream] = await Promise.all([generate(gateway), generate(gateway, { stream: true })]);
    const text = await stream.text();
    const first = text.startsWith(': waiting') ? text : await (await generate(gateway, { stream: true })).text();
    expect(first).toMatch(/^(: waiting for the picture\n\n)+event: image_generation.completed/);
  });

  it('share the account with every model of the same key', async () => {
    const { sandbox, gateway } = await start();
    const models = ['recraft/recraftv3', 'recraft/recraftv2', 'recraft/recraftv4_1'];
    const statuses = await Promise.all(models.map((model) => burst(gateway, 4, { model })));
    expect(new Set(statuses.flat())).toEqual(new Set([200]));
    expect(served(sandbox)).toBe(12);
  });
});

describe('A rate that Recraft finds too fast all the same', () => {
  it('is slowed down, and the refused request waits and is served', async () => {
    const { sandbox, gateway } = await start({ NUM_RETRIES: '2' });
    sandbox.fault({ status: 429, headers: { 'retry-after': '2' } });
    const began = performance.now();
    expect(await burst(gateway, 3)).toEqual([200, 200, 200]);
    expect(performance.now() - began).toBeGreaterThan(2_000);
    expect(await (await gateway.call('/metrics')).text()).toContain('recraft_gateway_rate_limited_total 1');
  });
});

describe('The limits of a deployment', () => {
  it('refuse at once who would wait too long for the requests under way, by how long answers take', async () => {
    const sandbox = stack.use(await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, latencyMs: 1_500 }));
    const params = { model: 'recraft/recraftv3', api_key: 'own', max_parallel_requests: 1 };
    const config = stack.use(await configFile({ model_list: [{ model_name: 'one', litellm_params: params }] }));
    const gateway = stack.use(await startGateway(sandbox, { CONFIG_FILE: config.path }));
    expect(await burst(gateway, 1, { model: 'one' })).toEqual([200]); // Now it is known how long one takes.
    const served = burst(gateway, 1, { model: 'one' });
    while (sandbox.requests().length < 2) await new Promise(setImmediate);
    const asked = performance.now();
    const hopeless = await generate(gateway, { model: 'one', timeout: 2 });
    expect(performance.now() - asked).toBeLessThan(1_500);
    expect(hopeless.status).toBe(429);
    expect(Number(hopeless.headers.get('retry-after'))).toBeGreaterThanOrEqual(2);
    expect(await served).toEqual([200]);
  });

  it('go before the operator’s default: rps, ipm, rpm and max_parallel_requests', async () => {
    const sandbox = stack.use(await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, latencyMs: 150 }));
    const params = { model: 'recraft/recraftv3', api_key: 'own', max_parallel_requests: 1, rps: 0, ipm: 0, rpm: 0 };
    const config = stack.use(await configFile({ model_list: [{ model_name: 'one', litellm_params: params }] }));
    const gateway = stack.use(await startGateway(sandbox, { CONFIG_FILE: config.path, UPSTREAM_RPS: '1' }));
    const began = performance.now();
    expect(await burst(gateway, 4, { model: 'one' })).toEqual([200, 200, 200, 200]);
    const tookMs = performance.now() - began;
    expect(tookMs).toBeGreaterThan(600);
    expect(tookMs).toBeLessThan(3_000);
  });
});
