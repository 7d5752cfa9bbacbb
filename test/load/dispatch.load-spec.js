import { describe, expect, it, jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { draw, startDispatch } from '../../bench/dispatch-setup.mjs';
import { goodput } from '../../bench/goodput.mjs';

jest.setTimeout(90_000);

/** For whoever reads the run: jest itself shows no figures. */
const report = (figures) => process.stderr.write(`      ${JSON.stringify(figures)}\n`);

const hasRedis = process.env.REDIS_TESTS === 'required' || spawnSync('redis-server', ['--version']).error === undefined;

// What is measured here is also the machine's own jitter.
jest.retryTimes(2);

describe('Ten times the load that Recraft takes', () => {
  it.each([
    ['one account', { accounts: 1 }, true],
    ['three accounts, two replicas over Redis', { accounts: 3, replicas: 2 }, hasRedis],
  ])('uses 98 %% of the slots, and Recraft refuses nothing: %s', async (_, options, canRun) => {
    if (!canRun) return;
    const figures = await goodput({ ...options, seconds: 8 });
    report(figures);
    expect(figures).toMatchObject({ refusedByRecraft: 0, otherErrors: 0 });
    expect(figures.slotsUsed).toBeGreaterThanOrEqual(0.98);
    // Those who were refused are those whose time was over before their turn.
    expect(figures.served + figures.refused).toBe(figures.asked);
  });
});

/** A load balancer as plain as can be: in turn to the ready ones, which it asks twenty times a second. */
async function startBalancer(setup) {
  const targets = new Map(setup.gateways.map((gateway) => [gateway, true]));
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const ready = [...targets].filter(([, isReady]) => isReady).map(([gateway]) => gateway);
    const { url } = ready[turn++ % ready.length].about;
    const { method, url: path, headers } = incoming;
    const onwards = request(url + path, { method, headers, agent: false }, (answer) => {
      outgoing.writeHead(answer.statusCode, answer.headers);
      answer.pipe(outgoing);
    });
    onwards.once('error', () => outgoing.destroy());
    incoming.pipe(onwards);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const isReady = ({ about }) =>
    fetch(`${about.url}/health/readiness`).then(
      ({ ok }) => ok,
      () => false,
    );
  const watch = setInterval(async () => {
    for (const gateway of targets.keys()) targets.set(gateway, await isReady(gateway));
  }, 50);
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    add: (gateway) => targets.set(gateway, true),
    remove: (gateway) => targets.delete(gateway),
    close: () => {
      clearInterval(watch);
      server.close();
      server.closeAllConnections();
    },
  };
}

describe('A rolling restart of two replicas under load', () => {
  it('fails no request', async () => {
    await using setup = await startDispatch({
      replicas: 2,
      rps: 100,
      latencyMs: 300,
      shared: false,
      env: { REPLICAS: '2' },
    });
    const balancer = await startBalancer(setup);
    const calls = [];
    let isLoaded = true;
    const load = (async () => {
      for (; isLoaded; await pause(40)) calls.push(draw(balancer.url, { timeoutMs: 20_000 }));
    })();
    for (const old of setup.gateways) {
      balancer.add(await setup.another());
      process.kill(old.pid, 'SIGTERM');
      expect(await old.ended).toEqual({ code: 0, signal: null });
      balancer.remove(old);
    }
    isLoaded = false;
    await load;
    const outcomes = await Promise.all(calls);
    balancer.close();
    report({ requests: outcomes.length });
    expect(outcomes.filter(({ status }) => status !== 200)).toEqual([]);
  });
});

describe('The event loop', () => {
  it('lags less than 20 ms at p99 with 500 requests waiting and 500 streams open', async () => {
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
    const calls = Array.from({ length: 500 }, () => [
      draw(url, { timeoutMs: 280_000, fields: {}, signal }),
      draw(url, stream),
    ]).flat();
    const metrics = async () =>
      (await fetch(`${url}/metrics`, { headers: { authorization: 'Bearer sk-dispatch' } })).text();
    const figure = (text, name) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
    let text = await metrics();
    while (figure(text, 'recraft_gateway_inflight_requests') < 990) text = await metrics();

    // The lag of the next seconds alone: reading it begins it anew.
    await pause(6_000);
    text = await metrics();
    const figures = {
      waiting: figure(text, 'recraft_gateway_queue_length'),
      inFlight: figure(text, 'recraft_gateway_inflight_requests'),
      p99Ms: figure(text, 'nodejs_eventloop_lag_p99_seconds') * 1_000,
    };
    report(figures);
    hangUp.abort();
    await Promise.all(calls);
    expect(figures.waiting).toBeGreaterThan(450);
    expect(figures.inFlight).toBeGreaterThan(950);
    expect(figures.p99Ms).toBeLessThan(20);
  });
});
