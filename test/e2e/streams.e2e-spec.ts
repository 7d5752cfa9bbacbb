import { pipeline, Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI, { APIError } from 'openai';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectEnvelope, expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';
import { startHttpServer } from '../support/servers.js';

const GENERATIONS = '/v1/images/generations';
const VECTOR = 'recraft/recraftv3_vector';
/** What every answer has at OpenAI today, so that its client calls the word for it legacy. */
const AS_BASE64 = { response_format: 'b64_json' } as const;
const LARGE = { image_id: 'a', b64_json: 'QUJD'.repeat(10_000) };

let sandbox: Sandbox;
let gateway: RunningGateway;
/** Sends a comment as soon as it has to wait. */
let eager: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
  gateway = await startGateway(sandbox);
  eager = await startGateway(sandbox, { SSE_HEARTBEAT_MS: '10' });
});

afterEach(() => {
  sandbox.reset();
});

afterAll(async () => {
  await gateway.close();
  await eager.close();
  await sandbox.close();
});

const clientOf = ({ url, key }: RunningGateway) => new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0 });
const streamed = (from: RunningGateway, body: object = {}) =>
  from.post(GENERATIONS, { prompt: SECRET_PROMPT, stream: true, ...body });

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const events: T[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

/** The data of each event of this kind, in a body read to its end. */
function eventsIn(text: string, kind = 'image_generation.completed'): Record<string, unknown>[] {
  const events = text.split('\n\n').filter((event) => event.startsWith(`event: ${kind}\n`));
  return events.map((event) => JSON.parse(event.slice(event.indexOf('data: ') + 6)) as Record<string, unknown>);
}

describe('The time of a request', () => {
  it('may be longer with a stream, whose comments keep the client waiting', async () => {
    await using hasty = await startGateway(sandbox, { REQUEST_TIMEOUT_MS: '300', SSE_HEARTBEAT_MS: '100' });
    sandbox.configure({ latencyMs: 900 });
    const plain = await hasty.post(GENERATIONS, { prompt: SECRET_PROMPT });
    expect([plain.status, await plain.json()]).toMatchObject([504, { error: { code: 'upstream_timeout' } }]);
    const text = await (await streamed(hasty)).text();
    expect(text).toMatch(/^(: waiting for the picture\n\n)+event: image_generation.completed/);
    expect(eventsIn(text)).toHaveLength(1);
  });

  it('is not longer than STREAM_TIMEOUT_MS with a stream, and its caller is told', async () => {
    await using brief = await startGateway(sandbox, { STREAM_TIMEOUT_MS: '300', SSE_HEARTBEAT_MS: '100' });
    sandbox.configure({ latencyMs: 20_000 });
    const began = performance.now();
    const response = await streamed(brief, { timeout: 600 });
    expect(response.headers.get('x-ignored-params')).toBe('timeout');
    expect(await response.text()).toContain('"code":"upstream_timeout"');
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it.each([
    [{ timeout: 600 }, {}, 'timeout'],
    [{ timeout: 600, quality: 'high' }, {}, 'quality, timeout'],
    [{}, { 'x-litellm-timeout': '290' }, 'timeout'],
    [{ timeout: 289 }, {}, null],
    [{ timeout: 600, stream: true }, {}, null],
  ])('is cut where nobody waits so long, and the caller is told: %j %j', async (fields, headers, told) => {
    const response = await gateway.post(GENERATIONS, { prompt: SECRET_PROMPT, ...fields }, { headers });
    expect([response.status, response.headers.get('x-ignored-params')]).toEqual([200, told]);
    await response.arrayBuffer();
  });
});

describe('A stream of generated pictures', () => {
  it('brings the official client the pictures of an answer without stream', async () => {
    const order = { model: VECTOR, prompt: SECRET_PROMPT, n: 2, random_seed: 7, size: '1024x1024' } as const;
    const { data = [] } = await clientOf(gateway).images.generate({ ...order, ...AS_BASE64 });
    const events = await all(await clientOf(gateway).images.generate({ ...order, stream: true }));
    expect(events).toEqual(
      data.map(({ b64_json }) => ({
        type: 'image_generation.completed',
        b64_json,
        image_id: expect.any(String),
        created_at: expect.any(Number),
        size: '1024x1024',
        quality: 'auto',
        background: 'auto',
        output_format: expect.any(String),
      })),
    );
    expect(data).toHaveLength(2);
    expect(Buffer.from(String(data[0]?.b64_json), 'base64').toString()).toMatch(/^<svg/);
  });

  it('brings links where links are asked for', async () => {
    const response = await streamed(gateway, { model: VECTOR, response_format: 'url' });
    const [event] = eventsIn(await response.text());
    expect((await fetch(String(event?.['url']))).headers.get('content-type')).toBe('image/svg+xml');
  });

  it('brings a large picture whole, with pauses for its reader', async () => {
    const b64_json = 'QUJD'.repeat(1_000_000);
    sandbox.fault({ body: { data: [{ b64_json }] } });
    const [event] = eventsIn(await (await streamed(gateway)).text());
    expect(event?.['b64_json'] === b64_json).toBe(true);
  });

  it('has the headers of a stream and of a call', async () => {
    const response = await streamed(gateway, { model: VECTOR, quality: 'high' });
    await response.text();
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      'x-request-id': expect.stringMatching(/^req_/) as unknown,
      'x-litellm-model-id': expect.any(String) as unknown,
      'x-litellm-response-cost': '0.08',
      'x-ignored-params': 'quality',
    });
  });

  it.each([7, 97, 4096])('does not mind pieces of %i bytes, nor the order of their members', async (piece) => {
    const answer = JSON.stringify({ data: [LARGE, { ...LARGE, image_id: 'b' }], credits: 40, created: 5 });
    const pieces = Array.from({ length: Math.ceil(answer.length / piece) }, (_, index) =>
      answer.slice(index * piece, (index + 1) * piece),
    );
    await using upstream = await startHttpServer((request, response) => {
      request.resume();
      pipeline(Readable.from(pieces), response, () => undefined);
    });
    await using behind = await startGateway(upstream);
    const events = eventsIn(await (await streamed(behind)).text());
    expect(events).toMatchObject([LARGE, { ...LARGE, image_id: 'b' }]);
  });
});

describe('A stream of an edited picture', () => {
  it('brings the official client the picture of an answer without stream', async () => {
    const image = new File([new Uint8Array(await aPicture())], 'source.png');
    const order = { image, model: VECTOR, prompt: SECRET_PROMPT, random_seed: 7 };
    const { data = [] } = await clientOf(gateway).images.edit({ ...order, ...AS_BASE64 });
    const events = await all(await clientOf(gateway).images.edit({ ...order, stream: true }));
    expect(events).toMatchObject([{ type: 'image_edit.completed', b64_json: data[0]?.b64_json }]);
  });
});

describe('A stream that has to wait', () => {
  it('gets comments until its picture is there', async () => {
    sandbox.fault({ delayMs: 60, body: { data: [{ b64_json: 'QUJD' }] } });
    const text = await (await streamed(eager)).text();
    expect(text).toMatch(/^(: waiting for the picture\n\n)+event: image_generation\.completed\n/);
    expect(eventsIn(text)).toHaveLength(1);
  });

  it('is open before its picture is there', async () => {
    sandbox.fault({ delayMs: 60_000 });
    const caller = new AbortController();
    const init = { signal: caller.signal };
    const response = await eager.post(GENERATIONS, { prompt: SECRET_PROMPT, stream: true }, init);
    expect(response.status).toBe(200);
    const { id } = await sandbox.nextRequest();
    caller.abort();
    expect(await sandbox.ended(id)).toMatchObject({ aborted: true });
  });

  it('shows the official client pictures and nothing else', async () => {
    sandbox.fault({ delayMs: 60, body: { data: [{ b64_json: 'QUJD' }] } });
    const stream = await clientOf(eager).images.generate({ prompt: SECRET_PROMPT, stream: true });
    expect(await all(stream)).toMatchObject([{ type: 'image_generation.completed', b64_json: 'QUJD' }]);
  });
});

describe('A stream that fails', () => {
  it.each([
    ['by its own mistake', { n: 7 }, undefined, { status: 400, code: 'integer_above_max_value', param: 'n' }],
    ['by its model', { model: 'gpt-17' }, undefined, { status: 404, code: 'model_not_found', param: 'model' }],
    ['at Recraft', {}, { status: 422, body: { code: 'odd' } }, { status: 422, code: 'odd' }],
  ])('before it opens has a status of its own: %s', async (_, body, fault, expected) => {
    if (fault) sandbox.fault(fault);
    await expectError(await streamed(gateway, body), expected);
  });

  it('after a comment is told in an event', async () => {
    sandbox.fault({ delayMs: 60, status: 422, body: { code: 'odd', message: 'no' } });
    const response = await streamed(eager);
    expect(response.status).toBe(200);
    const [, data = ''] = /event: error\ndata: (.*)\n\n$/.exec(await response.text()) ?? [];
    expectEnvelope(data, { code: 'odd' });
  });

  it('after a comment is an APIError to the official client', async () => {
    sandbox.fault({ delayMs: 60, status: 422, body: { code: 'odd', message: 'no' } });
    const stream = await clientOf(eager).images.generate({ prompt: SECRET_PROMPT, stream: true });
    const error = await all(stream).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ code: 'odd', type: 'invalid_request_error' });
  });

  it('between two pictures tells so after the first', async () => {
    const body = { data: [LARGE, LARGE] };
    const afterFirst = JSON.stringify({ data: [LARGE] }).length;
    sandbox.fault({ body, dropAfterBytes: afterFirst - 1 });
    const stream = await clientOf(gateway).images.generate({ prompt: SECRET_PROMPT, stream: true });
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of stream) seen.push(event);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'upstream_error', type: 'server_error' });
    expect(seen).toMatchObject([LARGE]);
  });

  it('in the middle of a picture breaks off, and the official client notices', async () => {
    sandbox.fault({ body: { data: [LARGE] }, dropAfterBytes: 30_000 });
    const stream = await clientOf(gateway).images.generate({ prompt: SECRET_PROMPT, stream: true });
    await expect(all(stream)).rejects.toMatchObject({ name: 'TypeError' });
  });
});
