import { describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { startGateway } from '../support/gateway.js';

const GENERATIONS = '/v1/images/generations';
const BODY = { prompt: 'a fox' };

describe('An instance that goes down', () => {
  it('is unready at once, serves through its grace, then refuses, and is gone after its last answer', async () => {
    await using sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
    await using gateway = await startGateway(sandbox, { UPSTREAM_IPM: '2', QUEUE_TIMEOUT_MS: '280000' });
    sandbox.fault({ held: true });
    const underWay = gateway.post(GENERATIONS, BODY);
    await sandbox.nextRequest();
    const waiting = gateway.post(GENERATIONS, { ...BODY, n: 2 });
    const gone = gateway.goDown(1_500);

    expect((await gateway.call('/health/readiness')).status).toBe(503);
    expect((await gateway.call('/health/liveliness')).status).toBe(200);
    const inGrace = await gateway.call('/v1/models');
    expect([inGrace.status, inGrace.headers.get('connection')]).toEqual([200, 'close']);

    // Who waited for a slot when the grace was over can go to another instance.
    const sentAway = await waiting;
    expect([sentAway.status, sentAway.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await sentAway.json()).toMatchObject({ error: { code: 'shutting_down' } });
    const late = await gateway.post(GENERATIONS, BODY);
    expect([late.status, late.headers.get('retry-after'), late.headers.get('connection')]).toEqual([503, '1', 'close']);
    expect(late.headers.get('x-should-retry')).toBeNull();
    expect(await late.json()).toMatchObject({ error: { code: 'shutting_down' } });
    expect((await gateway.call('/health/liveliness')).status).toBe(200);

    sandbox.release();
    expect((await underWay).status).toBe(200);
    await gone;
    expect(sandbox.requests()).toHaveLength(1);
  });

  it('says that it is not ready without an error in its log or its counts', async () => {
    await using sandbox = await Sandbox.start();
    await using gateway = await startGateway(sandbox, { LOG_LEVEL: 'debug' });
    const gone = gateway.goDown(200);
    const probe = await gateway.call('/health/readiness');
    const metrics = await (await gateway.call('/metrics')).text();
    await gone;

    expect([probe.status, probe.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await probe.json()).toMatchObject({ error: { code: 'shutting_down' } });
    const line = await gateway.logged('"route":"/health/readiness"');
    expect(line).toMatchObject({ level: 20, status: 503 });
    expect(line).not.toHaveProperty('fault');
    expect(gateway.log.filter((entry) => entry.includes('"level":50'))).toEqual([]);
    expect(metrics).not.toContain('fault="shuttingDown"');
  });

  it('tells an event stream that waits and has begun in an event', async () => {
    await using sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
    await using gateway = await startGateway(sandbox, { UPSTREAM_RPS: '1', SSE_HEARTBEAT_MS: '20' });
    await (await gateway.post(GENERATIONS, BODY)).text();
    const waiting = await gateway.post(GENERATIONS, { ...BODY, stream: true });
    const gone = gateway.goDown(0);
    expect(waiting.status).toBe(200);
    expect(await waiting.text()).toMatch(/event: error\ndata: .*"code":"shutting_down"/);
    await gone;
    expect(sandbox.requests()).toHaveLength(1);
  });

  it('that has nothing to do is gone at once', async () => {
    await using sandbox = await Sandbox.start();
    await using gateway = await startGateway(sandbox);
    const turn = new Promise((resolve) => setImmediate(resolve, 'waits'));
    expect(await Promise.race([gateway.goDown(0).then(() => 'gone'), turn])).toBe('gone');
  });
});
