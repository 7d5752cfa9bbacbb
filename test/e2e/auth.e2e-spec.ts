import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import OpenAI, { AuthenticationError } from 'openai';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { RawClient } from '../support/raw-client.js';

const GENERATIONS = '/v1/images/generations';
const WRONG = 'wrong-key-of-somebody-else';

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start();
  gateway = await startGateway(sandbox, { LOG_LEVEL: 'trace' });
});

function expectNothingSent(): void {
  expect(sandbox.requests()).toEqual([]);
}

afterEach(expectNothingSent);

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

/** GET /v1/models with these headers and no others. */
const asking = (headers: Record<string, string>) => fetch(`${gateway.url}/v1/models`, { headers });

describe('A key', () => {
  it.each([
    ['authorization', 'Bearer sk-1234'],
    ['authorization', 'bearer   sk-1234'],
    ['x-api-key', 'sk-1234'],
    ['api-key', 'sk-1234'],
    ['x-litellm-api-key', 'sk-1234'],
    ['x-litellm-api-key', 'Bearer sk-1234'],
  ])('is taken as %s: %s', async (name, value) => {
    expect((await asking({ [name]: value })).status).toBe(200);
  });

  it.each([
    ['missing_api_key', {}],
    ['missing_api_key', { authorization: '' }],
    ['missing_api_key', { 'x-api-key': ' ' }],
    ['malformed_api_key', { authorization: 'Bearer' }],
    ['malformed_api_key', { authorization: 'sk-1234' }],
    ['malformed_api_key', { authorization: 'Basic c2stMTIzNA==' }],
    ['malformed_api_key', { authorization: 'Bearer sk-1234 sk-1234' }],
    ['invalid_api_key', { authorization: `Bearer ${WRONG}` }],
    ['invalid_api_key', { authorization: 'Bearer sk-123' }],
    ['invalid_api_key', { authorization: 'Bearer sk-12345' }],
    ['invalid_api_key', { authorization: 'Bearer SK-1234' }],
    ['invalid_api_key', { 'x-api-key': WRONG }],
    ['invalid_api_key', { 'api-key': WRONG }],
    ['invalid_api_key', { 'x-litellm-api-key': WRONG }],
  ])('is refused as %s: %j', async (code, headers) => {
    const response = await asking(headers);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
    const type = code === 'invalid_api_key' ? 'token_not_found_in_db' : 'auth_error';
    const message = await expectError(response, { status: 401, type, code });
    expect(message).not.toContain(WRONG);
  });

  it('that is wrong is an AuthenticationError to the official client', async () => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: WRONG });
    await expect(client.images.generate({ prompt: SECRET_PROMPT })).rejects.toThrow(AuthenticationError);
  });

  it('is in no log line, right or wrong, and neither is a prompt', async () => {
    await asking({ authorization: `Bearer ${WRONG}` });
    await asking({ 'x-api-key': WRONG });
    await gateway.post(GENERATIONS, { prompt: SECRET_PROMPT, model: 'gpt-17' });
    await gateway.post(GENERATIONS, `{"prompt": "${SECRET_PROMPT}`);
    const log = gateway.log.join('');
    expect(log).toContain('"fault":"wrongKey"');
    expect(log).toContain('"fault":"unknownModel"');
    for (const secret of [WRONG, gateway.key, 'test-key', SECRET_PROMPT]) expect(log).not.toContain(secret);
  });
});

describe('A door', () => {
  it.each(['/health/liveliness', '/health/liveness', '/health/readiness', '/openapi.json', '/docs', '/'])(
    'stands open: %s',
    async (path) => {
      expect((await fetch(gateway.url + path)).status).toBe(200);
    },
  );

  it('tells what is left on the accounts to callers with a key alone', async () => {
    await using account = await Sandbox.start();
    await using asked = await startGateway(account);
    const open = (await (await fetch(`${asked.url}/health`)).json()) as { healthy_endpoints: object[] };
    expect(open).toMatchObject({ healthy_count: 1, unhealthy_count: 0 });
    expect(Object.keys(open.healthy_endpoints[0] ?? {})).toEqual(['model']);
    const known = await (await asked.call('/health')).json();
    expect(known).toMatchObject({ healthy_endpoints: [{ credits: expect.any(Number) as unknown }] });
  });

  it.each([
    ['GET', '/v1/models'],
    ['GET', '/models/recraft/recraftv3'],
    ['GET', '/model/info'],
    ['GET', '/metrics'],
    ['POST', '/v1/images/generations'],
    ['POST', '/images/generations'],
    ['POST', '/v1/images/edits'],
    ['POST', '/images/edits'],
    ['POST', '/openai/deployments/recraftv3/images/generations'],
    ['POST', '/openai/deployments/recraftv3/images/edits'],
  ])('is shut without a key: %s %s', async (method, path) => {
    await expectError(await fetch(gateway.url + path, { method }), {
      status: 401,
      type: 'auth_error',
      code: 'missing_api_key',
    });
  });
});

describe('A refused caller', () => {
  const head = `POST ${GENERATIONS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${WRONG}\r\ncontent-type: application/json`;

  it.each(['transfer-encoding: chunked', 'content-length: 1000000000'])(
    'hears so before any of its body was read: %s',
    async (framing) => {
      using client = await RawClient.connect(gateway.url);
      client.send(`${head}\r\n${framing}\r\n\r\n`);
      expect(await client.until('invalid_api_key')).toContain('HTTP/1.1 401 Unauthorized');
    },
  );

  it('hears so while it is still sending without an end', async () => {
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
    const headers = { authorization: `Bearer ${WRONG}` };
    const init = { method: 'POST', headers, body: endless, duplex: 'half' } as RequestInit;
    await expectError(await fetch(gateway.url + GENERATIONS, init), {
      status: 401,
      type: 'token_not_found_in_db',
      code: 'invalid_api_key',
    });
  });
});
