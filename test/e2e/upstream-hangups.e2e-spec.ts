import type { ServerResponse } from 'node:http';
import { pipeline, Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI, { APIUserAbortError } from 'openai';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';
import { RawClient, rawPost } from '../support/raw-client.js';
import { startHttpServer } from '../support/servers.js';

const GENERATIONS = '/v1/images/generations';
const MIB = 1024 * 1024;
const PICTURE = { data: [{ url: 'https://example.com/fox' }] };

describe('A caller that leaves while Recraft works', () => {
  let sandbox: Sandbox;
  let gateway: RunningGateway;

  beforeAll(async () => {
    sandbox = await Sandbox.start({ requestsPerSecond: 0 });
    gateway = await startGateway(sandbox, { LOG_LEVEL: 'info', SSE_HEARTBEAT_MS: '10' });
  });

  afterEach(() => {
    sandbox.reset();
  });

  afterAll(async () => {
    await gateway.close();
    await sandbox.close();
  });

  it.each([{}, { stream: true }])('ends that work, once: %j', async (body) => {
    sandbox.fault({ delayMs: 60_000 });
    const caller = new AbortController();
    const answer = gateway
      .post(GENERATIONS, { prompt: SECRET_PROMPT, ...body }, { signal: caller.signal })
      .then((response) => response.text());
    const { id } = await sandbox.nextRequest();
    caller.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    expect(await sandbox.ended(id)).toMatchObject({ aborted: true, status: null });
    sandbox.fault({ body: PICTURE });
    expect((await gateway.post(GENERATIONS, { prompt: SECRET_PROMPT })).status).toBe(200);
    expect(sandbox.requests()).toHaveLength(2);
  });

  it('ends it for an edit, too, and through the official client', async () => {
    sandbox.fault({ delayMs: 60_000 });
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key });
    const caller = new AbortController();
    const image = new File([new Uint8Array(await aPicture())], 'fox.png');
    const answer = client.images.edit({ image, prompt: SECRET_PROMPT }, { signal: caller.signal });
    const { id } = await sandbox.nextRequest();
    caller.abort();
    await expect(answer).rejects.toThrow(APIUserAbortError);
    expect(await sandbox.ended(id)).toMatchObject({ aborted: true, path: '/v1/images/imageToImage' });
    expect(sandbox.requests()).toHaveLength(1);
  });

  it('is logged as one that left, and not as an error', async () => {
    await using another = await startGateway(sandbox, { LOG_LEVEL: 'info' });
    sandbox.fault({ delayMs: 60_000 });
    const client = await RawClient.connect(another.url);
    client.send(rawPost(GENERATIONS, another.key, { prompt: SECRET_PROMPT }));
    const { id } = await sandbox.nextRequest();
    client.leave();
    await sandbox.ended(id);
    expect(await another.logged('"msg":"request"')).toMatchObject({ status: 499, outcome: 'cut off', level: 30 });
    const metrics = await (await another.call('/metrics')).text();
    expect(metrics).toMatch(/http_response_status_code="499"/);
    expect(metrics).not.toMatch(/recraft_gateway_(images_generated|errors)_total\{/);
    expect(another.log.filter((line) => !line.includes('"level":30'))).toEqual([]);
  });
});

/** Answers with a picture of 64 MiB, as fast as it is taken. */
async function startLargeUpstream() {
  const sent = { bytes: 0 };
  const { promise: over, resolve } = Promise.withResolvers<undefined>();
  function* answer(): Generator<string> {
    yield '{"created":1,"credits":40,"data":[{"b64_json":"';
    for (const piece of Array<string>(256).fill('QUJD'.repeat(MIB / 16))) {
      sent.bytes += piece.length;
      yield piece;
    }
    yield '"}]}';
  }
  const server = await startHttpServer((request, response) => {
    request.resume();
    pipeline(Readable.from(answer()), response, () => {
      resolve(undefined);
    });
  });
  return Object.assign(server, { sent, over });
}

describe('A large answer', () => {
  it('ends at Recraft when its reader leaves', async () => {
    await using upstream = await startLargeUpstream();
    await using gateway = await startGateway(upstream);
    const client = await RawClient.connect(gateway.url);
    client.send(rawPost(GENERATIONS, gateway.key, { prompt: SECRET_PROMPT }));
    await client.until('b64_json');
    client.leave();
    await upstream.over;
    expect(upstream.sent.bytes).toBeLessThan(64 * MIB);
    expect((await gateway.call('/health/liveliness')).status).toBe(200);
  });

  it('waits at Recraft while its reader does not read, and comes whole in the end', async () => {
    await using upstream = await startLargeUpstream();
    await using gateway = await startGateway(upstream);
    using client = await RawClient.connect(gateway.url);
    client.send(rawPost(GENERATIONS, gateway.key, { prompt: SECRET_PROMPT }, ['connection: close']));
    await client.until('b64_json');
    client.socket.pause();
    for (let before = -1; before !== upstream.sent.bytes;) {
      before = upstream.sent.bytes;
      for (let turn = 0; turn < 20; turn++) await (await gateway.call('/health/liveliness')).text();
    }
    // What the kernel holds for two connections, and nothing near the whole of it.
    expect(upstream.sent.bytes).toBeLessThan(32 * MIB);
    client.socket.resume();
    const answer = await client.all();
    expect(answer.length).toBeGreaterThan(64 * MIB);
    expect(answer.endsWith('0\r\n\r\n')).toBe(true);
  });

  it('that nobody reads any more does not keep its connection from the next', async () => {
    await using upstream = await startLargeUpstream();
    await using gateway = await startGateway(upstream, { UPSTREAM_CONNECTIONS: '1' });
    const client = await RawClient.connect(gateway.url);
    client.send(rawPost(GENERATIONS, gateway.key, { prompt: SECRET_PROMPT }));
    await client.until('b64_json');
    client.socket.pause();
    const next = gateway.post(GENERATIONS, { prompt: SECRET_PROMPT });
    client.leave();
    const answer = await (await next).arrayBuffer();
    expect(answer.byteLength).toBeGreaterThan(64 * MIB);
  });
});

describe('A caller that leaves before its request has a connection to Recraft', () => {
  it('is never asked for, and those behind it still get their turn', async () => {
    const prompts: string[] = [];
    const { promise: firstIsThere, resolve } = Promise.withResolvers<ServerResponse>();
    await using upstream = await startHttpServer((request, response) => {
      request.once('data', (body: Buffer) => {
        prompts.push((JSON.parse(body.toString()) as { prompt: string }).prompt);
        if (prompts.length === 1) resolve(response);
        else response.end(JSON.stringify(PICTURE));
      });
    });
    await using gateway = await startGateway(upstream, { UPSTREAM_CONNECTIONS: '1', LOG_LEVEL: 'info' });
    const first = gateway.post(GENERATIONS, { prompt: 'first' });
    const held = await firstIsThere;

    const leaver = await RawClient.connect(gateway.url);
    leaver.send(rawPost(GENERATIONS, gateway.key, { prompt: 'second' }));
    await (await gateway.call('/health/liveliness')).text();
    leaver.leave();
    expect(await gateway.logged('cut off')).toMatchObject({ status: 499 });

    const third = gateway.post(GENERATIONS, { prompt: 'third' });
    held.end(JSON.stringify(PICTURE));
    expect((await first).status).toBe(200);
    expect((await third).status).toBe(200);
    expect((await gateway.post(GENERATIONS, { prompt: 'fourth' })).status).toBe(200);
    expect(prompts).toEqual(['first', 'third', 'fourth']);
  });
});
