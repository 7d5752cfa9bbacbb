import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import OpenAI from 'openai';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';
import { RawClient, rawPost } from '../support/raw-client.js';

const GENERATIONS = '/v1/images/generations';
const EDITS = '/v1/images/edits';
const body = { prompt: SECRET_PROMPT, model: 'recraft/recraftv3' };
const ONE_PICTURE = 40;

const keyed = (key: string): RequestInit => ({ headers: { 'idempotency-key': key } });
const retry: RequestInit = { headers: { 'x-stainless-retry-count': '1' } };

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
  gateway = await startGateway(sandbox, { LOG_LEVEL: 'info', FINISH_ABANDONED: 'true' });
});

afterEach(() => {
  sandbox.reset();
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

/** Sends a request and hangs up once it is at Recraft; gives the id it has there. */
async function sendAndLeave(fields: object = body, path = GENERATIONS, to = gateway): Promise<string> {
  const client = await RawClient.connect(to.url);
  client.send(rawPost(path, to.key, fields));
  const { id } = await sandbox.nextRequest();
  client.leave();
  return id;
}

/** The headers of an answer without those that differ from answer to answer. */
function ownless(headers: Headers): object {
  const own = [
    'x-request-id',
    'x-litellm-call-id',
    'idempotent-replayed',
    'date',
    'content-length',
    'transfer-encoding',
  ];
  return Object.fromEntries([...headers].filter(([name]) => !own.includes(name)));
}

/** A proxy that reads the first answer whole and hangs up on its client without a byte of it. */
async function losingProxy(to: string): Promise<AsyncDisposable & { readonly url: string; readonly lost: number }> {
  let lost = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(to).port), '127.0.0.1');
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => undefined));
    client.pipe(upstream);
    upstream.on('data', (bytes: Buffer) => {
      if (lost === 0) {
        lost++;
        client.resetAndDestroy();
      } else client.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get lost() {
      return lost;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('An Idempotency-Key', () => {
  it.each(['url', 'b64_json'])('gives the first answer again, byte for byte and for nothing (%s)', async (form) => {
    const asked = { ...body, response_format: form };
    const first = await gateway.post(GENERATIONS, asked, keyed(`again-${form}`));
    const second = await gateway.post(GENERATIONS, asked, keyed(`again-${form}`));

    expect(second.status).toBe(200);
    expect(await second.text()).toBe(await first.text());
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(ownless(second.headers)).toEqual(ownless(first.headers));
    expect(second.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'));
    expect(second.headers.get('x-litellm-model-id')).toBe(first.headers.get('x-litellm-model-id'));
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('may be quoted or bare', async () => {
    const first = await gateway.post(GENERATIONS, body, keyed('"quoted"'));
    const second = await gateway.post(GENERATIONS, body, keyed('quoted'));
    expect(await second.text()).toBe(await first.text());
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('may be quoted with spaces and parameters', async () => {
    const first = await gateway.post(GENERATIONS, body, keyed('"order 7";v=1'));
    const second = await gateway.post(GENERATIONS, body, keyed('"order 7"'));
    expect(await second.text()).toBe(await first.text());
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it.each(['', 'with space', 'x'.repeat(256)])('is refused where it is none: %j', async (key) => {
    await expectError(await gateway.post(GENERATIONS, body, keyed(key || '""')), {
      status: 400,
      code: 'invalid_value',
      param: 'Idempotency-Key',
    });
    expect(sandbox.requests()).toEqual([]);
  });

  it('is not taken for another request', async () => {
    await gateway.post(GENERATIONS, body, keyed('other'));
    const answer = await gateway.post(GENERATIONS, { ...body, n: 2 }, keyed('other'));
    await expectError(answer, { status: 422, code: 'idempotency_key_reused', param: 'Idempotency-Key' });
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('counts for its own route', async () => {
    await gateway.post(GENERATIONS, body, keyed('route'));
    await gateway.post('/images/generations/raster'.replace('/images', '/v1/images'), body, keyed('route'));
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
  });

  it.each(['/images/generations', `${GENERATIONS}/`, `${GENERATIONS}?x=1`, '/V1/Images/Generations'])(
    'counts however the URL is spelled: %s',
    async (spelling) => {
      const first = await (await gateway.post(GENERATIONS, body, keyed(spelling))).text();
      expect(await (await gateway.post(spelling, body, keyed(spelling))).text()).toBe(first);
      expect(sandbox.charges().total).toBe(ONE_PICTURE);
    },
  );

  it('counts for the model in an Azure-style path', async () => {
    const at = (model: string) =>
      gateway.post(`/openai/deployments/${model}/images/generations`, { prompt: 'a' }, keyed('azure'));
    const first = await (await at('recraft/recraftv3')).text();
    expect(await (await at('recraft/recraftv2')).text()).not.toBe(first);
    expect(await (await at('recraft/recraftv3')).text()).toBe(first);
    expect(sandbox.requests()).toHaveLength(2);
  });

  it('lets a second request wait for the first', async () => {
    sandbox.fault({ delayMs: 300 });
    const first = gateway.post(GENERATIONS, body, keyed('both'));
    await sandbox.nextRequest();
    const second = gateway.post(GENERATIONS, body, keyed('both'));
    expect(await (await second).text()).toBe(await (await first).text());
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('answers 409 to a second request instead, where the operator wants it', async () => {
    await using strict = await startGateway(sandbox, { IDEMPOTENCY_WHILE_RUNNING: 'conflict' });
    sandbox.fault({ held: true });
    const first = strict.post(GENERATIONS, body, keyed('conflict'));
    await sandbox.nextRequest();
    const second = await strict.post(GENERATIONS, body, keyed('conflict'));
    await expectError(second, { status: 409, code: 'idempotency_key_in_use', param: 'Idempotency-Key' });
    expect(second.headers.get('retry-after')).toBe('1');
    sandbox.release();
    expect((await first).status).toBe(200);
  });

  it('lets a second request wait for as long as its own time is, and leaves the first alone', async () => {
    sandbox.fault({ held: true });
    const first = gateway.post(GENERATIONS, body, keyed('hasty'));
    await sandbox.nextRequest();
    const second = await gateway.post(GENERATIONS, body, {
      headers: { 'idempotency-key': 'hasty', 'x-litellm-timeout': '0.2' },
    });
    await expectError(second, { status: 409, code: 'idempotency_key_in_use', param: 'Idempotency-Key' });
    expect(second.headers.get('retry-after')).toBe('1');
    sandbox.release();
    const text = await (await first).text();
    expect(await (await gateway.post(GENERATIONS, body, keyed('hasty'))).text()).toBe(text);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('is free again where nothing was charged', async () => {
    sandbox.fault({ status: 400, body: { code: 'invalid_request_parameter', message: 'no' } });
    expect((await gateway.post(GENERATIONS, body, keyed('free'))).status).toBe(400);
    expect((await gateway.post(GENERATIONS, body, keyed('free'))).status).toBe(200);
  });

  it('gives a failure again that may have been charged', async () => {
    sandbox.fault({ status: 500, charged: true, body: 'broken' });
    for (const answer of [
      await gateway.post(GENERATIONS, body, keyed('doubt')),
      await gateway.post(GENERATIONS, body, keyed('doubt')),
    ]) {
      await expectError(answer, { status: 502, type: 'server_error', code: 'upstream_error' });
      expect(answer.headers.get('x-should-retry')).toBe('false');
    }
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('gives a failure again that may have been charged for as long as an answer', async () => {
    await using brief = await startGateway(sandbox, { RETRY_WINDOW_MS: '1' });
    sandbox.fault({ status: 500, charged: true, body: 'broken' });
    expect((await brief.post(GENERATIONS, body, keyed('doubt'))).status).toBe(502);
    await pause(50);
    expect((await brief.post(GENERATIONS, body, keyed('doubt'))).status).toBe(502);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('works for uploads, whose form has another boundary each time', async () => {
    const picture = new Uint8Array(await aPicture());
    const form = () => {
      const fields = new FormData();
      fields.set('prompt', SECRET_PROMPT);
      fields.set('model', 'recraft/recraftv3');
      fields.set('image', new File([picture], 'fox.png', { type: 'image/png' }));
      return fields;
    };
    const send = () => gateway.call(EDITS, { method: 'POST', body: form(), ...keyed('form') });
    const first = await (await send()).text();
    expect(await (await send()).text()).toBe(first);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('gives a stream of events again', async () => {
    const send = () => gateway.post(GENERATIONS, { ...body, stream: true }, keyed('events'));
    const first = await (await send()).text();
    expect(first).toContain('event: image_generation.completed');
    const second = await send();
    expect(second.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(await second.text()).toBe(first);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('tells so where the answer could not be kept, and pays no second time', async () => {
    await using small = await startGateway(sandbox, { ANSWER_MEMORY_BYTES: '1000' });
    const asked = { ...body, response_format: 'b64_json' };
    expect((await small.post(GENERATIONS, asked, keyed('large'))).status).toBe(200);
    await expectError(await small.post(GENERATIONS, asked, keyed('large')), { status: 410, code: 'answer_lost' });
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('forgets the oldest answers where there is no room for all, but not that they were paid', async () => {
    await using small = await startGateway(sandbox, { ANSWER_MEMORY_BYTES: '2000' });
    for (const key of ['1', '2', '3', '4', '5', '6', '7', '8']) await small.post(GENERATIONS, body, keyed(key));
    expect((await small.post(GENERATIONS, body, keyed('8'))).status).toBe(200);
    await expectError(await small.post(GENERATIONS, body, keyed('1')), { status: 410, code: 'answer_lost' });
    expect(sandbox.charges().total).toBe(8 * ONE_PICTURE);
  });
});

describe('A caller that leaves after its request was sent', () => {
  it('does not end the call, and finds its picture when it tries again', async () => {
    sandbox.fault({ delayMs: 200 });
    const id = await sendAndLeave();
    const answer = await gateway.post(GENERATIONS, body, retry);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ credits: ONE_PICTURE, data: [{ url: expect.any(String) as unknown }] });
    expect(await sandbox.ended(id)).toMatchObject({ aborted: false, status: 200 });
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('finds it also when the call is done by then, and the log says what became of it', async () => {
    sandbox.fault({ delayMs: 100 });
    const fields = { ...body, random_seed: 7 };
    await sandbox.ended(await sendAndLeave(fields));
    expect(await gateway.logged('finished without its caller')).toMatchObject({ outcome: 'answered', images: 1 });
    const answer = await gateway.post(GENERATIONS, fields, retry);
    expect(answer.headers.get('idempotent-replayed')).toBe('true');
    expect((await answer.json()) as object).toHaveProperty('data');
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('is told of a failure that may have been charged, and not sent again', async () => {
    sandbox.fault({ delayMs: 100, status: 500, charged: true, body: 'broken' });
    const fields = { ...body, random_seed: 8 };
    await sandbox.ended(await sendAndLeave(fields));
    await expectError(await gateway.post(GENERATIONS, fields, retry), {
      status: 502,
      type: 'server_error',
      code: 'upstream_error',
    });
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('is named in no answer to the one who joined it', async () => {
    sandbox.fault({ delayMs: 400 });
    const fields = { ...body, random_seed: 14 };
    const client = await RawClient.connect(gateway.url);
    client.send(rawPost(GENERATIONS, gateway.key, fields, ['x-litellm-call-id: the-one-who-left']));
    await sandbox.nextRequest();
    const joining = gateway.post(GENERATIONS, fields, {
      headers: { 'x-stainless-retry-count': '1', 'x-litellm-call-id': 'the-one-who-joined' },
    });
    await pause(100);
    client.leave();
    const { headers } = await joining;
    expect(headers.get('x-litellm-call-id')).toBe('the-one-who-joined');
    expect(headers.get('idempotent-replayed')).toBe('true');
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('is told that it takes too long where its second try has less time than the first', async () => {
    sandbox.fault({ held: true });
    const fields = { ...body, random_seed: 13 };
    const id = await sendAndLeave(fields);
    const hasty = await gateway.post(GENERATIONS, fields, {
      headers: { 'x-stainless-retry-count': '1', 'x-litellm-timeout': '0.2' },
    });
    await expectError(hasty, { status: 504, type: 'server_error', code: 'upstream_timeout' });
    expect(hasty.headers.get('x-should-retry')).toBe('false');
    sandbox.release();
    await sandbox.ended(id);
    expect((await gateway.post(GENERATIONS, fields, retry)).status).toBe(200);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('gets no answer that belongs to another request', async () => {
    sandbox.fault({ delayMs: 100 });
    await sandbox.ended(await sendAndLeave({ ...body, random_seed: 9 }));
    await gateway.post(GENERATIONS, { ...body, random_seed: 10 }, retry);
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
  });

  it('gets a new picture when it does not say that it tries again', async () => {
    sandbox.fault({ delayMs: 100 });
    const fields = { ...body, random_seed: 11 };
    await sandbox.ended(await sendAndLeave(fields));
    await gateway.post(GENERATIONS, fields);
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
  });

  it('in the middle of a large answer finds it whole', async () => {
    // More than two connections' buffers hold.
    const picture = 'QUJD'.repeat(5 * 1024 * 1024);
    sandbox.fault({ body: { created: 1, credits: ONE_PICTURE, data: [{ b64_json: picture }] } });
    const fields = { ...body, random_seed: 12, response_format: 'b64_json' };
    await using roomy = await startGateway(sandbox, { FINISH_ABANDONED: 'true', ANSWER_MEMORY_BYTES: String(2 ** 28) });
    const client = await RawClient.connect(roomy.url);
    client.send(rawPost(GENERATIONS, roomy.key, fields));
    await client.until('b64_json');
    client.socket.pause();
    client.leave();
    const answer = await roomy.post(GENERATIONS, fields, retry);
    expect(((await answer.json()) as { data: [{ b64_json: string }] }).data[0].b64_json === picture).toBe(true);
    expect(sandbox.requests()).toHaveLength(1);
  });
});

describe('A client that marks its repeats', () => {
  const first: RequestInit = { headers: { 'x-stainless-retry-count': '0' } };

  it('gets the answer again that went out and was lost behind the socket', async () => {
    const fields = { ...body, random_seed: 31 };
    const sent = await (await gateway.post(GENERATIONS, fields, first)).text();
    for (let repeat = 0; repeat < 2; repeat++) {
      const again = await gateway.post(GENERATIONS, fields, retry);
      expect(await again.text()).toBe(sent);
      expect(again.headers.get('idempotent-replayed')).toBe('true');
    }
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('gets the answer to an upload again, told by its bytes', async () => {
    const picture = new Uint8Array(await aPicture());
    const send = (name: string, init: RequestInit) => {
      const form = new FormData();
      form.set('prompt', SECRET_PROMPT);
      form.set('model', 'recraft/recraftv3');
      form.set('image', new File([picture], name, { type: 'image/png' }));
      return gateway.call(EDITS, { method: 'POST', body: form, ...init });
    };
    const sent = await (await send('fox.png', first)).text();
    expect(await (await send('fox.png', retry)).text()).toBe(sent);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('gets another picture where it asks for another one', async () => {
    const fields = { ...body, random_seed: 32 };
    const one = await (await gateway.post(GENERATIONS, fields, first)).text();
    const other = await (await gateway.post(GENERATIONS, fields, first)).text();
    expect(other).not.toBe(one);
    expect(await (await gateway.post(GENERATIONS, fields, retry)).text()).toBe(other);
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
  });

  it('gets a picture of its own where its first try failed for nothing, beside one that asked for the same', async () => {
    const fields = { ...body, random_seed: 33 };
    const one = await (await gateway.post(GENERATIONS, fields, first)).text();
    sandbox.fault({ status: 503 });
    expect((await gateway.post(GENERATIONS, fields, first)).status).toBe(503);
    const other = await (await gateway.post(GENERATIONS, fields, retry)).text();
    expect(other).not.toBe(one);
    expect(await (await gateway.post(GENERATIONS, fields, retry)).text()).toBe(other);
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
  });

  it('is told so where the answer is not kept any more, and pays no second time', async () => {
    await using small = await startGateway(sandbox, { ANSWER_MEMORY_BYTES: '1000' });
    for (const random_seed of [1, 2, 3, 4]) await small.post(GENERATIONS, { ...body, random_seed }, first);
    const again = await small.post(GENERATIONS, { ...body, random_seed: 1 }, retry);
    await expectError(again, { status: 410, code: 'answer_lost' });
    expect((await small.post(GENERATIONS, { ...body, random_seed: 4 }, retry)).status).toBe(200);
    expect(sandbox.charges().total).toBe(4 * ONE_PICTURE);
  });

  it('is asked once more to pay when the window is over, and by a coalescing gateway sooner', async () => {
    await using brief = await startGateway(sandbox, { RETRY_WINDOW_MS: '0' });
    await brief.post(GENERATIONS, body, first);
    await brief.post(GENERATIONS, body, retry);
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
    await using coalescing = await startGateway(sandbox, { COALESCE_MS: '1' });
    await coalescing.post(GENERATIONS, body, first);
    await pause(20);
    await coalescing.post(GENERATIONS, body, first);
    expect(sandbox.charges().total).toBe(4 * ONE_PICTURE);
  });

  it('leaves nothing behind where it does not mark them', async () => {
    await using fresh = await startGateway(sandbox);
    const kept = async () => /kept_answer_bytes (\d+)/.exec(await (await fresh.call('/metrics')).text())?.[1];
    await (await fresh.post(GENERATIONS, body)).text();
    expect(await kept()).toBe('0');
    await (await fresh.post(GENERATIONS, body, first)).text();
    expect(Number(await kept())).toBeGreaterThan(0);
  });
});

describe('The official client with its retries', () => {
  const clientOf = (timeout?: number) =>
    new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, ...(timeout !== undefined && { timeout }) });
  const asked = (seed: number) => ({ ...body, random_seed: seed }) as OpenAI.ImageGenerateParamsNonStreaming;

  it('pays once and gets the picture where Recraft answers after its timeout', async () => {
    sandbox.fault({ delayMs: 1_000 });
    const answer = await clientOf(400).images.generate(asked(21));
    expect(answer.data).toHaveLength(1);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
    expect(sandbox.requests()).toHaveLength(1);
  });

  it('pays once and gets the picture where a proxy took its answer and lost it', async () => {
    await using proxy = await losingProxy(gateway.url);
    const client = new OpenAI({ baseURL: `${proxy.url}/v1`, apiKey: gateway.key });
    expect((await client.images.generate(asked(20))).data).toHaveLength(1);
    expect(proxy.lost).toBe(1);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('pays once where the connection to Recraft breaks in the middle of the answer', async () => {
    sandbox.fault({ dropAfterBytes: 30 });
    await expect(clientOf().images.generate(asked(22))).rejects.toMatchObject({ status: 502 });
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
    expect(sandbox.requests()).toHaveLength(1);
  });

  it('pays once where the connection breaks after much of a large answer went out', async () => {
    sandbox.fault({ dropAfterBytes: 60_000 });
    const large = { ...asked(23), response_format: 'b64_json' } as const;
    await expect(clientOf().images.generate(large)).rejects.toThrow();
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
    expect(sandbox.requests()).toHaveLength(1);
  });

  it('pays once where Recraft fails after charging', async () => {
    sandbox.fault({ status: 500, charged: true, body: 'broken' });
    await expect(clientOf().images.generate(asked(24))).rejects.toMatchObject({ status: 502 });
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
    expect(sandbox.requests()).toHaveLength(1);
  });

  it('pays once for an upload whose answer comes after its timeout', async () => {
    sandbox.fault({ delayMs: 1_000 });
    const image = new File([new Uint8Array(await aPicture())], 'fox.png', { type: 'image/png' });
    const answer = await clientOf(400).images.edit({ image, prompt: SECRET_PROMPT, model: 'recraft/recraftv3' });
    expect(answer.data).toHaveLength(1);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });
});

describe('Identical requests', () => {
  it('are two requests', async () => {
    await Promise.all([gateway.post(GENERATIONS, body), gateway.post(GENERATIONS, body)]);
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
  });

  it('are one where the operator says so, also shortly after it is done', async () => {
    await using coalescing = await startGateway(sandbox, { COALESCE_MS: '60000' });
    sandbox.fault({ delayMs: 200 });
    const first = coalescing.post(GENERATIONS, body);
    await sandbox.nextRequest();
    const second = coalescing.post(GENERATIONS, body);
    const text = await (await first).text();
    expect(await (await second).text()).toBe(text);
    expect(await (await coalescing.post(GENERATIONS, body)).text()).toBe(text);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });
});
