import { describe, expect, it } from '@jest/globals';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { type BodyServer, type ReadAnswer, startBodyServer } from '../../test/support/body-server.js';
import { RawClient } from '../../test/support/raw-client.js';

type Body = NonNullable<RequestInit['body']>;

const JSON_TYPE = { 'content-type': 'application/json' };

function post(server: BodyServer, body: Body, headers: Record<string, string> = JSON_TYPE): Promise<Response> {
  return fetch(`${server.url}/json`, { method: 'POST', body, headers, duplex: 'half' });
}

async function fieldsOf(response: Response): Promise<unknown> {
  expect(response.status).toBe(200);
  return ((await response.json()) as ReadAnswer).fields;
}

async function errorOf(response: Response): Promise<{ status: number; code: string; message: string }> {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  return { status: response.status, code: error.code, message: error.message };
}

describe('a JSON body', () => {
  it('is read as it is', async () => {
    await using server = await startBodyServer();
    const sent = { prompt: 'ein Füchslein 🦊', n: 2, quality: null, controls: { colors: [{ rgb: [1, 2, 3] }] } };
    expect(await fieldsOf(await post(server, JSON.stringify(sent)))).toEqual(sent);
    expect(server.budget.inUse).toBe(0);
  });

  it.each(['application/json; charset=UTF-8', 'application/vnd.api+json', 'text/plain;charset=utf-8', 'TEXT/JSON'])(
    'may come as %s',
    async (type) => {
      await using server = await startBodyServer();
      expect(await fieldsOf(await post(server, '{"a":1}', { 'content-type': type }))).toEqual({ a: 1 });
    },
  );

  it('may come without a content type, and with a byte order mark', async () => {
    await using server = await startBodyServer();
    const body = Buffer.from('\uFEFF{"a":1}');
    expect(await fieldsOf(await post(server, new Blob([body]).stream(), {}))).toEqual({ a: 1 });
  });

  it('may come in many pieces without a length', async () => {
    await using server = await startBodyServer();
    const text = JSON.stringify({ prompt: 'é'.repeat(500) });
    const pieces = Array.from(Buffer.from(text), (byte) => `1\r\n${String.fromCharCode(byte)}\r\n`).join('');
    using client = await RawClient.connect(server.url);
    const head = 'POST /json HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n';
    const answer = await client.send(Buffer.from(`${head}${pieces}0\r\n\r\n`, 'latin1')).all();
    expect(answer).toContain('200 OK');
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ])('may come compressed with %s', async (encoding, compress) => {
    await using server = await startBodyServer();
    const body = new Uint8Array(compress('{"a":1}'));
    expect(await fieldsOf(await post(server, body, { ...JSON_TYPE, 'content-encoding': encoding }))).toEqual({ a: 1 });
  });

  it.each([
    ['multipart/form-data; boundary=x', 'application/json'],
    ['application/x-www-form-urlencoded', 'application/json'],
    ['application/json; charset=latin1', 'UTF-8'],
  ])('is refused as %s, with what is expected', async (type, expected) => {
    await using server = await startBodyServer();
    const error = await errorOf(await post(server, '{"a":1}', { 'content-type': type }));
    expect(error).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    expect(error.message).toContain(expected);
  });

  it.each(['zstd', 'gzip, gzip', 'toString'])('is refused in the encoding %s', async (encoding) => {
    await using server = await startBodyServer();
    const error = await errorOf(await post(server, '{"a":1}', { ...JSON_TYPE, 'content-encoding': encoding }));
    expect(error).toMatchObject({ status: 415 });
  });

  it.each([
    ['', 'The request body is empty; send a JSON object.'],
    [' \n', 'The request body is empty; send a JSON object.'],
    [
      '{\n  "model": "recraftv3",\n  "prompt": "x",\n}',
      "The body is not valid JSON: there is a comma before '}', which JSON does not allow, at line 4, column 1.",
    ],
    ['[{"prompt":"x"}]', 'The body must be a JSON object, not an array.'],
    ['null', 'The body must be a JSON object, not null.'],
    ['"x"', 'The body must be a JSON object, not a string.'],
  ])('%j is answered: %s', async (body, message) => {
    await using server = await startBodyServer();
    expect(await errorOf(await post(server, body))).toEqual({ status: 400, code: 'invalid_json', message });
  });

  it.each([
    ['bytes that are not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), {}, 'The body is not valid UTF-8.'],
    ['no gzip', new Uint8Array([1, 2, 3]), { 'content-encoding': 'gzip' }, 'The body does not decompress.'],
    [
      'half of its gzip',
      new Uint8Array(gzipSync('{"a":1}').subarray(0, 15)),
      { 'content-encoding': 'gzip' },
      'The body does not decompress.',
    ],
  ])('is refused with %s', async (_what, body, headers, message) => {
    await using server = await startBodyServer();
    const error = await errorOf(await post(server, body, { ...JSON_TYPE, ...headers }));
    expect(error).toEqual({ status: 400, code: 'invalid_json', message });
  });
});

describe('a large JSON body', () => {
  const large = (bytes: number): string => JSON.stringify({ image: 'x'.repeat(bytes) });

  it('is refused by its declared length before a byte of it is read', async () => {
    await using server = await startBodyServer({ jsonBytes: 1024 });
    using client = await RawClient.connect(server.url);
    client.send('POST /json HTTP/1.1\r\nhost: x\r\ncontent-length: 1025\r\n\r\n');
    expect(await client.until('KiB.')).toContain('413 Payload Too Large');
  });

  it.each(['identity', 'gzip'])('is refused while it is read: %s', async (encoding) => {
    await using server = await startBodyServer({ jsonBytes: 64 * 1024 });
    const text = large(8 * 1024 * 1024);
    const bytes = encoding === 'gzip' ? gzipSync(text) : Buffer.from(text);
    const response = await post(server, new Blob([bytes]).stream(), { ...JSON_TYPE, 'content-encoding': encoding });
    expect(await errorOf(response)).toEqual({
      status: 413,
      code: 'request_too_large',
      message: 'The request body is larger than 64 KiB.',
    });
    expect(server.budget.inUse).toBe(0);
  });

  it('is counted until it is disposed of; a small one is not', async () => {
    await using server = await startBodyServer();
    const release = server.hold();
    const answers = [post(server, large(100_000)), post(server, large(100))];
    while (server.budget.inUse < 100_000) await new Promise(setImmediate);
    expect(server.budget.inUse).toBe(Buffer.byteLength(large(100_000)));
    release();
    await Promise.all(answers);
    expect(server.budget.inUse).toBe(0);
  });

  it('is answered 503 where the budget is used up', async () => {
    await using server = await startBodyServer({ uploadBytesInFlight: 150_000 });
    const release = server.hold();
    const first = post(server, large(100_000));
    while (server.budget.inUse < 100_000) await new Promise(setImmediate);
    const second = await post(server, large(100_000));
    expect(second.headers.get('retry-after')).toBe('2');
    expect(await errorOf(second)).toMatchObject({ status: 503, code: 'server_is_overloaded' });
    release();
    expect((await first).status).toBe(200);
    expect(server.budget.inUse).toBe(0);
  });

  it('of a client that leaves is given up and counted no longer', async () => {
    await using server = await startBodyServer();
    const failure = server.nextFailure();
    using client = await RawClient.connect(server.url);
    client.send(`POST /json HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n{"a":"${'x'.repeat(50_000)}`);
    while (server.budget.inUse < 50_000) await new Promise(setImmediate);
    client.leave();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    expect(server.budget.inUse).toBe(0);
  });
});
