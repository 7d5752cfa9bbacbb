import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Sandbox } from './sandbox.js';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
});
afterEach(() => {
  sandbox.reset();
});
afterAll(async () => {
  await sandbox.close();
});

const PATH = '/v1/images/generations';

async function generate(init: RequestInit = {}): Promise<Response> {
  const body = JSON.stringify({ prompt: 'a fox', model: 'recraftv4_vector' });
  return await fetch(sandbox.url + PATH, {
    method: 'POST',
    headers: { authorization: 'Bearer key-7788' },
    body,
    ...init,
  });
}

async function control(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(`${sandbox.url}/__sandbox${path}`, {
    method,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: await answer.json() };
}

describe('a fault', () => {
  it('answers instead, once, without charge', async () => {
    sandbox.fault({ status: 503, body: 'overloaded', headers: { 'retry-after': '2' } });
    const answer = await generate();
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('2');
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
    expect(answer.headers.has('x-recraft-requestid')).toBe(true);
    await expect(answer.text()).resolves.toBe('overloaded');
    expect(sandbox.charges().total).toBe(0);
    expect((await generate()).status).toBe(200);
  });

  it('answers 200 where only a body is given, as JSON where it is no text', async () => {
    sandbox.fault({ body: { code: 'odd' } }, { body: '<html>', contentType: 'text/html' });
    const json = await generate();
    expect([json.status, await json.json()]).toEqual([200, { code: 'odd' }]);
    const html = await generate();
    expect([html.headers.get('content-type'), await html.text()]).toEqual(['text/html', '<html>']);
  });

  it('waits for its path and for its turn, as often as it should', async () => {
    sandbox.fault({ path: PATH, status: 500, times: 2 }, { path: '/ping', status: 418 }, { status: 502 });
    const statuses: number[] = [];
    for (const ask of [generate, () => fetch(`${sandbox.url}/ping`), generate, generate, generate])
      statuses.push((await ask()).status);
    expect(statuses).toEqual([500, 418, 500, 502, 200]);
  });

  it('cuts the connection before the answer, which was made and charged', async () => {
    sandbox.fault({ dropBeforeHeaders: true });
    await expect(generate()).rejects.toMatchObject({ name: 'TypeError' });
    expect(sandbox.charges().total).toBe(80);
    expect(sandbox.requests()[0]).toMatchObject({ status: null, aborted: false, credits: 80 });
  });

  it.each([0, 10])('cuts the connection after %i bytes of the usual answer', async (bytes) => {
    sandbox.fault({ dropAfterBytes: bytes });
    const answer = await generate();
    expect(answer.status).toBe(200);
    expect(Number(answer.headers.get('content-length'))).toBeGreaterThan(10);
    await expect(answer.text()).rejects.toMatchObject({ name: 'TypeError' });
    expect(sandbox.requests()[0]).toMatchObject({ status: 200, aborted: false });
  });

  it('delays an answer that is otherwise the usual', async () => {
    sandbox.fault({ delayMs: 60 });
    const begin = performance.now();
    expect((await generate()).status).toBe(200);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(55);
  });

  it('holds a request until it is let go, and others not', async () => {
    sandbox.fault({ held: true }, { status: 418 });
    const held = generate();
    const { id } = await sandbox.nextRequest();
    expect((await generate()).status).toBe(418);
    expect(sandbox.requests().find((request) => request.id === id)).toMatchObject({ status: null, credits: 0 });
    expect([sandbox.release(), sandbox.release()]).toEqual([1, 0]);
    expect((await held).status).toBe(200);
  });

  it('holds no request whose client has gone', async () => {
    sandbox.fault({ held: true });
    const client = new AbortController();
    const held = generate({ signal: client.signal });
    const { id } = await sandbox.nextRequest();
    client.abort();
    await expect(held).rejects.toMatchObject({ name: 'AbortError' });
    expect(await sandbox.ended(id)).toMatchObject({ aborted: true, status: null });
    expect(sandbox.release()).toBe(0);
  });
});

describe('the journal', () => {
  it('tells what was asked and what came of it', async () => {
    await generate();
    expect(sandbox.requests()).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        method: 'POST',
        path: PATH,
        apiKeyLast4: '7788',
        contentType: 'text/plain;charset=UTF-8',
        fields: { prompt: 'a fox', model: 'recraftv4_vector' },
        status: 200,
        credits: 80,
        receivedAt: expect.stringMatching(/Z$/),
        answeredAt: expect.stringMatching(/Z$/),
        aborted: false,
      },
    ]);
  });

  it('tells pictures by size and digest, and leaves form fields as text', async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const told = { type: 'image/png', bytes: 3, sha256: createHash('sha256').update(bytes).digest('hex') };
    const form = new FormData();
    form.set('strength', '0.5');
    form.append('tag', 'a');
    form.append('tag', 'b');
    form.append('image', new File([bytes], 'fox.png', { type: 'image/png' }));
    await generate({ body: form });
    await generate({
      body: JSON.stringify({ image_url: `data:image/png;base64,${Buffer.from(bytes).toString('base64')}` }),
    });
    expect(sandbox.requests().map(({ fields }) => fields)).toEqual([
      { strength: '0.5', tag: ['a', 'b'], image: { name: 'fox.png', ...told } },
      { image_url: { name: null, ...told } },
    ]);
  });

  it('hands each request once to those who wait, whether it came before or comes later', async () => {
    const second = sandbox.nextRequest(({ path }) => path === '/ping');
    await generate();
    await fetch(`${sandbox.url}/ping`);
    await expect(sandbox.nextRequest()).resolves.toMatchObject({ path: PATH });
    await expect(second).resolves.toMatchObject({ path: '/ping' });
  });

  it('notes a client that left while it waited, and charges it', async () => {
    sandbox.configure({ latencyMs: 60_000 });
    const client = new AbortController();
    const answer = generate({ signal: client.signal });
    const { id } = await sandbox.nextRequest();
    client.abort();
    await expect(answer).rejects.toMatchObject({ name: 'AbortError' });
    await expect(sandbox.ended(id)).resolves.toMatchObject({ aborted: true, status: null, answeredAt: null });
    expect(sandbox.charges().total).toBe(80);
  });

  it('notes a client that left while it sent', async () => {
    const { port } = new URL(sandbox.url);
    const socket = connect(Number(port), '127.0.0.1');
    const head = `POST ${PATH} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n`;
    socket.write(`${head}{"prompt`);
    // The interim answer proves that the request has arrived.
    await once(socket, 'data');
    socket.destroy();
    const [cut] = sandbox.requests();
    expect(await sandbox.ended(cut?.id ?? '')).toMatchObject({ aborted: true, fields: {}, status: null, credits: 0 });
  });

  it('writes down neither picture downloads nor its own controls', async () => {
    const { data } = (await (await generate()).json()) as { data: { url: string }[] };
    await fetch(data[0]?.url ?? '');
    await control('GET', '/charges');
    expect(sandbox.requests()).toHaveLength(1);
  });
});

describe('the controls over HTTP', () => {
  it('read requests and charges', async () => {
    const id = (await generate()).headers.get('x-recraft-requestid') ?? '';
    await expect(control('GET', '/requests')).resolves.toMatchObject({
      status: 200,
      body: [{ id, status: 200, credits: 80 }],
    });
    await expect(control('GET', '/charges')).resolves.toEqual({
      status: 200,
      body: { total: 80, byRequest: { [id]: 80 } },
    });
  });

  it('order faults, turn settings and reset both', async () => {
    await expect(control('POST', '/faults', [{ status: 500, times: 2 }])).resolves.toEqual({
      status: 200,
      body: [{ status: 500, times: 2 }],
    });
    expect((await generate()).status).toBe(500);
    const settings = { latencyMs: 1, requestsPerSecond: 2, imagesPerMinute: 3, credits: 4, urlLifetimeMs: 5 };
    await expect(control('POST', '/settings', settings)).resolves.toEqual({ status: 200, body: settings });
    await expect(control('POST', '/release')).resolves.toEqual({ status: 200, body: { released: 0 } });
    await expect(control('POST', '/reset')).resolves.toEqual({ status: 200, body: {} });
    for (let request = 0; request < 3; request += 1) expect((await generate()).status).toBe(200);
    expect(sandbox.requests()).toHaveLength(3);
  });

  it.each([
    ['/faults', { status: 500 }, 'faults must be a list'],
    ['/faults', [{ status: 99 }], '[0].status has a wrong value'],
    ['/faults', [{}, { stauts: 500 }], '[1].stauts is no member of a fault'],
    ['/settings', { latencyMs: -1 }, 'latencyMs must be a whole number from 0 to 2147483647'],
    ['/settings', { latency: 1 }, 'latency is no setting'],
    ['/settings', [], undefined],
  ])('refuse wrong orders to %s: %j', async (path, body, message) => {
    const answer = await control('POST', path, body);
    expect(answer.status).toBe(message === undefined ? 200 : 400);
    expect((answer.body as { message?: string }).message).toBe(message);
  });

  it('list themselves to whoever is lost', async () => {
    await expect(control('GET', '/nothing')).resolves.toMatchObject({
      status: 404,
      body: { message: expect.stringContaining('GET /requests') },
    });
  });
});
