import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI from 'openai';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError, type ExpectedError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { startHttpServer, startTcpServer, unusedAddress } from '../support/servers.js';

const GENERATIONS = '/v1/images/generations';
const generate = (gateway: RunningGateway) => gateway.post(GENERATIONS, { prompt: SECRET_PROMPT });

const unreachable: ExpectedError = { status: 502, type: 'server_error', code: 'upstream_unreachable' };
const broken: ExpectedError = { status: 502, type: 'server_error', code: 'upstream_error' };
const unusable: ExpectedError = { status: 502, type: 'server_error', code: 'upstream_invalid_answer' };
const timeout: ExpectedError = { status: 504, type: 'server_error', code: 'upstream_timeout' };

const SMALL = { created: 1, credits: 40, data: [{ image_id: 'a', url: 'https://example.com/fox' }] };
const LARGE = { created: 1, credits: 40, data: [{ image_id: 'a', b64_json: 'QUJD'.repeat(100_000) }] };

describe('No connection to Recraft', () => {
  it('is told, and may be tried again, where nothing listens', async () => {
    await using gateway = await startGateway(await unusedAddress());
    const response = await generate(gateway);
    expect(response.headers.get('retry-after')).toBe('1');
    expect(response.headers.get('x-should-retry')).toBeNull();
    await expectError(response, unreachable);
  });

  it('is told within the connect timeout where somebody listens and says nothing', async () => {
    // With https the connection is there only once the other side has answered the greeting.
    await using silent = await startTcpServer(() => undefined);
    const url = silent.url.replace('http:', 'https:');
    await using gateway = await startGateway({ url }, { UPSTREAM_CONNECT_TIMEOUT_MS: '50' });
    await expectError(await generate(gateway), unreachable);
  });

  it('does not keep the gateway from being alive', async () => {
    await using gateway = await startGateway(await unusedAddress());
    expect((await gateway.call('/health/liveliness')).status).toBe(200);
    expect((await gateway.call('/health/readiness')).status).toBe(200);
    expect((await gateway.call('/health')).status).toBe(503);
  });
});

describe('An answer that does not come in time', () => {
  it.each(['UPSTREAM_FIRST_BYTE_TIMEOUT_MS', 'REQUEST_TIMEOUT_MS'])(
    'is a 504 before its first byte: %s',
    async (limit) => {
      await using sandbox = await Sandbox.start();
      await using gateway = await startGateway(sandbox, { [limit]: '250' });
      sandbox.fault({ delayMs: 60_000 });
      const response = await generate(gateway);
      expect(response.headers.get('x-should-retry')).toBe('false');
      await expectError(response, timeout);
      const { id } = await sandbox.nextRequest();
      expect(await sandbox.ended(id)).toMatchObject({ aborted: true });
    },
  );

  it('is a 504 while little of it is there', async () => {
    await using upstream = await startHttpServer((_, response) => {
      response.write('{"data":[');
    });
    await using gateway = await startGateway(upstream, { REQUEST_TIMEOUT_MS: '250' });
    await expectError(await generate(gateway), timeout);
  });

  it('breaks off once it has begun', async () => {
    await using upstream = await startHttpServer((_, response) => {
      response.write(JSON.stringify(LARGE).slice(0, 300_000));
    });
    await using gateway = await startGateway(upstream, { REQUEST_TIMEOUT_MS: '700' });
    const response = await generate(gateway);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toMatchObject({ name: 'TypeError' });
  });

  it('may take longer than the first byte may, once that is there', async () => {
    await using upstream = await startHttpServer((_, response) => {
      response.write('{"data":[{"url":"u"}');
      setTimeout(() => response.end(']}'), 700);
    });
    await using gateway = await startGateway(upstream, { UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '500' });
    expect(await (await generate(gateway)).json()).toEqual({ data: [{ url: 'u' }] });
  });
});

describe('A connection to Recraft that breaks', () => {
  let sandbox: Sandbox;
  let gateway: RunningGateway;
  const client = () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });

  beforeAll(async () => {
    sandbox = await Sandbox.start({ requestsPerSecond: 0 });
    gateway = await startGateway(sandbox);
  });

  afterEach(() => {
    sandbox.reset();
  });

  afterAll(async () => {
    await gateway.close();
    await sandbox.close();
  });

  it('before the answer is a 502 that is not to be tried again', async () => {
    sandbox.fault({ dropBeforeHeaders: true });
    const response = await generate(gateway);
    expect(response.headers.get('x-should-retry')).toBe('false');
    await expectError(response, broken);
    expect(sandbox.requests()).toHaveLength(1);
  });

  it.each([0, 1, 60])('after %i bytes of a small answer is a 502', async (dropAfterBytes) => {
    sandbox.fault({ body: SMALL, dropAfterBytes });
    await expectError(await generate(gateway), broken);
  });

  it('in a refusal is a 502', async () => {
    sandbox.fault({ status: 400, body: { code: 'odd', message: 'x'.repeat(1_000) }, dropAfterBytes: 100 });
    await expectError(await generate(gateway), broken);
  });

  it('in a large answer reaches fetch as an error', async () => {
    sandbox.fault({ body: LARGE, dropAfterBytes: 200_000 });
    const response = await generate(gateway);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toMatchObject({ name: 'TypeError' });
  });

  it('in a large answer reaches the official client as an error', async () => {
    sandbox.fault({ body: LARGE, dropAfterBytes: 200_000 });
    await expect(client().images.generate({ prompt: SECRET_PROMPT })).rejects.toMatchObject({ name: 'TypeError' });
  });

  it('leaves nothing behind that troubles the next request', async () => {
    sandbox.fault({ body: LARGE, dropAfterBytes: 200_000 }, { body: SMALL });
    await expect((await generate(gateway)).text()).rejects.toMatchObject({ name: 'TypeError' });
    expect(await (await generate(gateway)).json()).toEqual(SMALL);
  });

  it.each([
    ['an empty body', '', 'empty'],
    ['a page', '<html>fine</html>', 'not JSON'],
    ['a word', '"fox"', 'no pictures'],
    ['no pictures', '{"created":1,"data":[]}', 'no pictures'],
    ['half of it', JSON.stringify(SMALL).slice(0, 50), 'cut short'],
    ['something behind it', `${JSON.stringify(SMALL)}{}`, 'not JSON'],
    ['much of no use', JSON.stringify({ junk: 'x'.repeat(200_000) }), 'no pictures'],
  ])('is not needed for an answer of no use: %s', async (_, body, why) => {
    sandbox.fault({ body, contentType: 'application/json' });
    const response = await generate(gateway);
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await expectError(response, unusable)).toContain(why);
  });

  it('is not needed for a large answer that ends too soon', async () => {
    sandbox.fault({ body: JSON.stringify(LARGE).slice(0, 300_000), contentType: 'application/json' });
    await expect(client().images.generate({ prompt: SECRET_PROMPT })).rejects.toMatchObject({ name: 'TypeError' });
  });
});

describe('An upstream that is no Recraft', () => {
  it('and no HTTP server is a 502', async () => {
    await using upstream = await startTcpServer((socket) => socket.once('data', () => socket.end('SSH-2.0-fox\r\n')));
    await using gateway = await startGateway(upstream);
    await expectError(await generate(gateway), unusable);
  });

  it('and ends a large chunked answer without its last chunk reaches both clients as an error', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
    const chunk = JSON.stringify(LARGE).slice(0, 200_000);
    await using upstream = await startTcpServer((socket) =>
      socket.once('data', () => socket.end(`${head}${chunk.length.toString(16)}\r\n${chunk}\r\n`)),
    );
    await using gateway = await startGateway(upstream);
    await expect((await generate(gateway)).text()).rejects.toMatchObject({ name: 'TypeError' });
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
    await expect(client.images.generate({ prompt: SECRET_PROMPT })).rejects.toMatchObject({ name: 'TypeError' });
  });

  it('and chunks its large answer wrongly breaks off', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n';
    const chunk = JSON.stringify(LARGE).slice(0, 200_000);
    await using upstream = await startTcpServer((socket) =>
      socket.once('data', () => socket.end(`${head}${chunk.length.toString(16)}\r\n${chunk}\r\nfox\r\n`)),
    );
    await using gateway = await startGateway(upstream);
    await expect((await generate(gateway)).text()).rejects.toMatchObject({ name: 'TypeError' });
  });
});
