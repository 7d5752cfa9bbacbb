import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { UploadBudget } from '../../src/uploads/upload-budget.js';
import { expectEnvelope, expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { RawClient, rawPost } from '../support/raw-client.js';

const HEADERS_MS = 300;
const RECEIVE_MS = 700;
/** A deadline is kept to a tenth of a second; the rest is for a machine that is busy. */
const LATENESS_MS = 2_000;
const GENERATIONS = '/v1/images/generations';
const EDITS = '/v1/images/edits';

jest.setTimeout(30_000);

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
  gateway = await startGateway(sandbox, {
    HEADERS_TIMEOUT_MS: String(HEADERS_MS),
    RECEIVE_TIMEOUT_MS: String(RECEIVE_MS),
  });
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

/** Sends a byte every 20 ms for as long as anybody listens. */
function drip(socket: Socket, byte: string): void {
  const drops = setInterval(() => socket.write(byte), 20);
  socket.once('close', () => {
    clearInterval(drops);
  });
}

/** What a client that drips after `start` is told, and after how many milliseconds. */
async function dripping(start: string, byte: string): Promise<{ answer: string; ms: number }> {
  using client = await RawClient.connect(gateway.url);
  const startedAt = performance.now();
  client.send(start);
  drip(client.socket, byte);
  const answer = await client.all();
  return { answer, ms: performance.now() - startedAt };
}

function expectTimeout(answer: string): void {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  expect(head.split('\r\n')[0]).toBe('HTTP/1.1 408 Request Timeout');
  expect(head).toMatch(/\r\nconnection: close/);
  expectEnvelope(body, { code: 'request_timeout' });
}

/** A request whose body is announced and does not come. */
const unfinished = (path: string, type: string): string =>
  rawPost(path, gateway.key, {}, [])
    .replace('application/json', type)
    .replace(/content-length: \d+/, 'content-length: 100000')
    .slice(0, -2);

const FORM = 'multipart/form-data; boundary=b';
const FILE = '--b\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n';

describe('A client that sends slowly', () => {
  it('has its headers to end in time', async () => {
    const { answer, ms } = await dripping('GET /health/liveliness HTTP/1.1\r\nx-slow: ', 'a');
    expectTimeout(answer);
    expect(ms).toBeGreaterThan(HEADERS_MS - 50);
    expect(ms).toBeLessThan(HEADERS_MS + LATENESS_MS);
  });

  it.each([
    ['JSON', GENERATIONS, 'application/json', '{"prompt":"'],
    ['a form', EDITS, FORM, FILE],
    ['a form of an endless preamble', EDITS, FORM, ''],
  ])('has its body to end in time, and nothing of it is kept: %s', async (_, path, type, start) => {
    const { answer, ms } = await dripping(unfinished(path, type) + start, 'a');
    expectTimeout(answer);
    expect(ms).toBeGreaterThan(RECEIVE_MS - 50);
    expect(ms).toBeLessThan(RECEIVE_MS + LATENESS_MS);
    // The connection is cut once its client has had time to read why.
    const budget = gateway.get(UploadBudget);
    while (budget.inUse > 0) await new Promise(setImmediate);
    expect(budget.inUse).toBe(0);
  });

  it('is refused at once where it has no key, however slow its body', async () => {
    using client = await RawClient.connect(gateway.url);
    const startedAt = performance.now();
    client.send(unfinished(GENERATIONS, 'application/json').replace(gateway.key, 'sk-of-nobody'));
    drip(client.socket, ' ');
    expect(await client.until('invalid_api_key')).toContain('HTTP/1.1 401');
    expect(performance.now() - startedAt).toBeLessThan(RECEIVE_MS);
  });

  it('does not slow others down, and five hundred of them do not', async () => {
    const slow = await Promise.all(Array.from({ length: 500 }, () => RawClient.connect(gateway.url)));
    for (const client of slow) client.send('POST /v1/images/generations HTTP/1.1\r\nx-slow: ');
    const startedAt = performance.now();
    expect((await gateway.post(GENERATIONS, { prompt: 'a fox' })).status).toBe(200);
    // Without them it takes 50 ms, and the same with them, unless the machine is busy.
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    const answers = await Promise.all(slow.map((client) => client.all()));
    for (const answer of answers) expectTimeout(answer);
  }, 15_000);
});

describe('The deadlines of arrival', () => {
  it('are no deadline for an answer', async () => {
    sandbox.fault({ path: GENERATIONS, delayMs: 1_200 });
    const startedAt = performance.now();
    expect((await gateway.post(GENERATIONS, { prompt: 'a fox' })).status).toBe(200);
    expect(performance.now() - startedAt).toBeGreaterThan(1_200);
  });

  it('leave a connection alone that waits for its next request', async () => {
    using client = await RawClient.connect(gateway.url);
    const probe = 'GET /health/liveliness HTTP/1.1\r\nhost: x\r\n\r\n';
    await client.send(probe).until('alive');
    const idle = AbortSignal.timeout(2 * RECEIVE_MS);
    await once(idle, 'abort');
    client.send(probe);
    await client.until('alive!"HTTP/1.1 200');
    expect(client.socket.closed).toBe(false);
  });
});

describe('A request line and headers that are too long', () => {
  it('are refused by the length of the URL', async () => {
    const response = await fetch(`${gateway.url}/v1/models?x=${'y'.repeat(8_180)}`);
    await expectError(response, { status: 414, code: 'url_too_long' });
    expect((await fetch(`${gateway.url}/v1/models?x=${'y'.repeat(8_179)}`)).status).toBe(401);
  });

  it('are refused by the length of all headers', async () => {
    using client = await RawClient.connect(gateway.url);
    client.send(`GET /v1/models HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`);
    expect(await client.all()).toContain('HTTP/1.1 431 ');
  });

  it.each([
    [900, 'HTTP/1.1 200 OK'],
    [1_100, 'HTTP/1.1 431 Request Header Fields Too Large'],
  ])('are served or refused by the number of headers: %i', async (count, status) => {
    using client = await RawClient.connect(gateway.url);
    const many = Array.from({ length: count }, (_, index) => `a${index}:b\r\n`).join('');
    client.send(`GET /health/liveliness HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${many}\r\n`);
    expect((await client.all()).split('\r\n')[0]).toBe(status);
  });
});
