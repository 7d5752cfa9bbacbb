import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectEnvelope, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { RawClient, rawPost } from '../support/raw-client.js';

const GENERATIONS = '/v1/images/generations';

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
  gateway = await startGateway(sandbox, { SSE_HEARTBEAT_MS: '10' });
});

afterEach(() => {
  sandbox.reset();
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

/** Status line, headers and body of the one answer on a connection. */
function parts(answer: string): { status: string; head: string; body: string } {
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { status: head.split('\r\n')[0] ?? '', head, body };
}

describe('Bytes that are no HTTP request', () => {
  it.each([
    ['a TLS greeting', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', '400 Bad Request'],
    ['words', 'hello, is there anybody?\r\n\r\n', '400 Bad Request'],
    ['a wrong version', 'GET / HTTP/9.9\r\nhost: x\r\n\r\n', '400 Bad Request'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nhost: x\r\nnonsense\r\n\r\n', '400 Bad Request'],
    ['two lengths', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n', '400 Bad Request'],
    [
      'headers without end',
      `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}`,
      '431 Request Header Fields Too Large',
    ],
  ])('are answered in the envelope: %s', async (_, bytes, status) => {
    using client = await RawClient.connect(gateway.url);
    const answer = parts(await client.send(bytes).all());
    expect(answer.status).toBe(`HTTP/1.1 ${status}`);
    expect(answer.head).toMatch(/\r\nx-request-id: req_[\w-]{36}\r\n/);
    expectEnvelope(answer.body, { code: 'bad_http_request' });
  });

  it('inside a body that is being sent end the request', async () => {
    using client = await RawClient.connect(gateway.url);
    const head = rawPost(GENERATIONS, gateway.key, '').replace(/content-length: \d+/, 'transfer-encoding: chunked');
    const answer = parts(await client.send(`${head.slice(0, -2)}zz\r\nnot a chunk`).all());
    expect(answer.status).toBe('HTTP/1.1 400 Bad Request');
    expectEnvelope(answer.body, { code: 'bad_http_request' });
  });

  it('behind a request do not get into its answer', async () => {
    sandbox.fault({ path: GENERATIONS, body: { data: [{ b64_json: 'A'.repeat(40_000_000) }] } });
    using client = await RawClient.connect(gateway.url);
    client.send(rawPost(GENERATIONS, gateway.key, { prompt: SECRET_PROMPT }));
    await client.until('b64_json');
    const answer = await client.send('what is this?\r\n\r\n').all();
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200']);
    expect(answer).not.toContain('bad_http_request');
  });
});

describe('HTTP/1.0', () => {
  it('is answered, and its connection closed', async () => {
    using client = await RawClient.connect(gateway.url);
    const answer = parts(await client.send('GET /health/liveliness HTTP/1.0\r\n\r\n').all());
    expect(answer).toMatchObject({ status: 'HTTP/1.1 200 OK', body: '"I\'m alive!"' });
  });

  it('is refused in the envelope', async () => {
    using client = await RawClient.connect(gateway.url);
    const answer = parts(await client.send('POST /v1/images/generations HTTP/1.0\r\ncontent-length: 0\r\n\r\n').all());
    expect(answer.status).toBe('HTTP/1.1 401 Unauthorized');
    expectEnvelope(answer.body, { type: 'auth_error', code: 'missing_api_key' });
  });
});

describe('Requests sent one behind the other', () => {
  it('are answered in their order', async () => {
    sandbox.fault({ path: GENERATIONS, delayMs: 50, body: { data: [{ url: 'https://example.com/first' }] } });
    using client = await RawClient.connect(gateway.url);
    client.send(rawPost(GENERATIONS, gateway.key, { prompt: SECRET_PROMPT }));
    client.send('GET /health/liveliness HTTP/1.1\r\nhost: x\r\n\r\n');
    const answer = await client.until("I'm alive");
    expect(answer.indexOf('first')).toBeLessThan(answer.indexOf("I'm alive"));
  });

  it('do no harm where the second is an event stream that fails before its turn', async () => {
    sandbox.fault({ path: GENERATIONS, delayMs: 100, body: { data: [{ url: 'https://example.com/first' }] } });
    using client = await RawClient.connect(gateway.url);
    client.send(rawPost(GENERATIONS, gateway.key, { prompt: SECRET_PROMPT }));
    client.send(rawPost(GENERATIONS, gateway.key, { prompt: SECRET_PROMPT, model: 'gpt-17', stream: true }));
    expect(await client.until('model_not_found')).toContain('HTTP/1.1 404 Not Found');
    expect((await gateway.call('/health/liveliness')).status).toBe(200);
  });

  it('all end when the client leaves', async () => {
    sandbox.fault({ path: GENERATIONS, delayMs: 60_000, times: 2 });
    const client = await RawClient.connect(gateway.url);
    const body = { prompt: SECRET_PROMPT };
    client.send(rawPost(GENERATIONS, gateway.key, body) + rawPost(GENERATIONS, gateway.key, body));
    const received = [await sandbox.nextRequest(), await sandbox.nextRequest()];
    client.leave();
    for (const { id } of received) expect(await sandbox.ended(id)).toMatchObject({ aborted: true });
  });
});

describe('A connection on which nothing was ever asked', () => {
  it('does not hold up the end', async () => {
    const ending = await startGateway(sandbox);
    using client = await RawClient.connect(ending.url);
    await (await ending.call('/health/liveliness')).text();
    await ending.close();
    expect(await client.all()).toBe('');
  });
});
