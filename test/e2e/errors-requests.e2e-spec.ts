import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';

const GENERATIONS = '/v1/images/generations';
const EDITS = '/v1/images/edits';
const MEGABYTE = 'x'.repeat(1_000_000);

/** A body of unknown length: fetch sends it chunked. */
function chunked(text: string): RequestInit {
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
  return { method: 'POST', body, duplex: 'half', headers: { 'content-type': 'application/json' } };
}

function formWith(image: Uint8Array<ArrayBuffer>): RequestInit {
  const form = new FormData();
  form.set('prompt', SECRET_PROMPT);
  form.set('image', new Blob([image]), 'image.png');
  return { method: 'POST', body: form };
}

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start();
  gateway = await startGateway(sandbox, { MAX_JSON_BYTES: '900000', MAX_IMAGE_BYTES: '500000' });
});

function expectNothingSent(): void {
  expect(sandbox.requests()).toEqual([]);
}

afterEach(expectNothingSent);

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

describe('A body that is not what it should be', () => {
  it('is told the line and column of a trailing comma', async () => {
    const body = `{\n    "model": "recraft",\n    "prompt": "${SECRET_PROMPT}",\n}\n`;
    const message = await expectError(await gateway.post(GENERATIONS, body), { status: 400, code: 'invalid_json' });
    expect(message).toMatch(/comma.* line 4, column 1\b/);
  });

  it.each([
    ['nothing', '', 'empty'],
    ['blanks', ' \n ', 'empty'],
    ['half an object', `{"prompt": "${SECRET_PROMPT}`, 'line 1'],
    ['a list', '[]', 'an array'],
    ['a word', '"fox"', 'a string'],
    ['null', 'null', 'null'],
    ['text', SECRET_PROMPT, 'line 1, column 1'],
    ['form fields', 'prompt=fox&n=1', 'line 1, column 1'],
  ])('is refused as no JSON object: %s', async (_, body, why) => {
    const message = await expectError(await gateway.post(GENERATIONS, body), { status: 400, code: 'invalid_json' });
    expect(message).toContain(why);
  });

  it('is refused where a POST has none at all', async () => {
    await expectError(await gateway.call(GENERATIONS, { method: 'POST' }), { status: 400, code: 'invalid_json' });
    await expectError(await gateway.call(EDITS, { method: 'POST' }), { status: 400, code: 'invalid_json' });
  });

  it.each([
    [GENERATIONS, 'application/x-www-form-urlencoded'],
    [GENERATIONS, 'image/png'],
    [GENERATIONS, 'application/json; charset=utf-16'],
    [EDITS, 'application/x-www-form-urlencoded'],
    [EDITS, 'image/png'],
    [EDITS, 'multipart/mixed; boundary=x'],
  ])('is refused by %s as %s', async (path, type) => {
    const response = await gateway.post(path, { prompt: SECRET_PROMPT }, { headers: { 'content-type': type } });
    const message = await expectError(response, { status: 415, code: 'unsupported_media_type' });
    expect(message).toMatch(/Send the body as/);
  });

  it.each([
    ['multipart/form-data', 'boundary'],
    ['multipart/form-data; boundary=x', 'closing boundary'],
  ])('is refused as no form under %s', async (type, why) => {
    const response = await gateway.post(EDITS, 'no form at all', { headers: { 'content-type': type } });
    expect(await expectError(response, { status: 400, code: 'invalid_multipart' })).toContain(why);
  });
});

describe('A body that is too large', () => {
  it.each([
    ['announced', { method: 'POST', body: MEGABYTE }],
    ['chunked', chunked(`{"prompt":"${MEGABYTE}"}`)],
    ['compressed', { method: 'POST', body: gzipSync(MEGABYTE), headers: { 'content-encoding': 'gzip' } }],
  ])('is refused: %s', async (_, init) => {
    await expectError(await gateway.call(GENERATIONS, init), { status: 413, code: 'request_too_large' });
  });

  it('is refused before it has been sent', async () => {
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(32)) });
    const init = { method: 'POST', body: endless, duplex: 'half' } as RequestInit;
    await expectError(await gateway.call(GENERATIONS, init), { status: 413, code: 'request_too_large' });
  });

  it('names the picture that is', async () => {
    const response = await gateway.call(EDITS, formWith(new Uint8Array(500_001)));
    await expectError(response, { status: 413, code: 'request_too_large', param: 'image' });
  });

  it('names the data URL that is', async () => {
    const image = `data:image/png;base64,${Buffer.alloc(500_001).toString('base64')}`;
    const response = await gateway.post(EDITS, { prompt: SECRET_PROMPT, image });
    await expectError(response, { status: 413, code: 'request_too_large', param: 'image' });
  });
});

describe('A path', () => {
  it.each([
    [404, '/v1/nowhere'],
    [404, '/nowhere'],
    [405, GENERATIONS],
    [400, '/v1/models/%E0%A4%A'],
  ])('is refused with %i for the clients of both dialects: %s', async (status, path) => {
    const body = (await (await gateway.call(path)).json()) as Record<string, unknown>;
    const { code, message } = body['error'] as { code: string; message: string };
    expect(body).toMatchObject({ code, message });
    expect((await gateway.call(path)).status).toBe(status);
  });

  it.each([
    ['GET', '/v1/imagine'],
    ['POST', '/v1/chat/completions'],
    ['POST', '/v1/images/generations/more'],
    ['DELETE', '/nowhere'],
    ['GET', '/__proto__'],
    ['GET', '/v1/images/%zz'],
  ])('that leads nowhere is refused: %s %s', async (method, path) => {
    const message = await expectError(await gateway.call(path, { method }), { status: 404, code: 'unknown_url' });
    expect(message).toBe(`Invalid URL (${method} ${path}).`);
  });

  it.each([
    ['GET', GENERATIONS, 'POST'],
    ['OPTIONS', GENERATIONS, 'POST'],
    ['PUT', EDITS, 'POST'],
    ['DELETE', '/images/edits', 'POST'],
    ['PATCH', '/openai/deployments/recraft/recraftv3/images/generations', 'POST'],
    ['POST', '/v1/models', 'GET, HEAD'],
    ['DELETE', '/v1/models/recraft%2Frecraftv3', 'GET, HEAD'],
    ['POST', '/health/liveliness', 'GET, HEAD'],
  ])('says which methods it takes instead of %s %s', async (method, path, allowed) => {
    const response = await gateway.call(path, { method });
    expect(response.headers.get('allow')).toBe(allowed);
    await expectError(response, { status: 405, code: 'method_not_supported' });
  });

  it('that cannot be decoded is refused', async () => {
    await expectError(await gateway.call('/v1/models/%E0%A4%A'), { status: 400, code: 'invalid_value' });
  });

  it.each([
    ['/v1/models', 200],
    [GENERATIONS, 405],
    ['/nowhere', 404],
  ])('answers HEAD without a body: %s', async (path, status) => {
    const response = await gateway.call(path, { method: 'HEAD' });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe('');
  });
});

describe('A model', () => {
  it.each([
    [GENERATIONS, { prompt: SECRET_PROMPT, model: 'gpt-17' }],
    ['/openai/deployments/gpt-17/images/generations', { prompt: SECRET_PROMPT }],
    [EDITS, { prompt: SECRET_PROMPT, model: 'gpt-17', image: 'https://example.com/fox.png' }],
  ])('that nobody knows is refused by %s', async (path, body) => {
    const message = await expectError(await gateway.post(path, body), {
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
    expect(message).toContain("'gpt-17'");
  });

  it('that nobody knows is refused when asked for', async () => {
    await expectError(await gateway.call('/v1/models/gpt-17'), {
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
  });
});
