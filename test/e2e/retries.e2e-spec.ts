import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { type Fault, Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { startHttpServer, unusedAddress } from '../support/servers.js';

const GENERATIONS = '/v1/images/generations';
const PICTURE = { created: 1, credits: 40, data: [{ image_id: 'a', url: 'https://example.com/fox' }] };
const LARGE = { created: 1, credits: 40, data: [{ image_id: 'a', b64_json: 'QUJD'.repeat(100_000) }] };

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
  gateway = await startGateway(sandbox, { NUM_RETRIES: '2' });
});

afterEach(() => {
  sandbox.reset();
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

const generate = (headers: Record<string, string> = {}, at = gateway) =>
  at.post(GENERATIONS, { prompt: 'a fox' }, { headers });

/** What a single request comes to whose first try fails in a way: the answer, and how often Recraft was asked. */
async function outcomeOf(fault: Fault, headers?: Record<string, string>, at = gateway) {
  sandbox.fault(fault);
  const response = await generate(headers, at);
  await response.text();
  return {
    status: response.status,
    asked: sandbox.requests().length,
    retries: response.headers.get('x-litellm-attempted-retries'),
    shouldRetry: response.headers.get('x-should-retry'),
  };
}

const REPEATED = { status: 200, asked: 2, retries: '1', shouldRetry: null };
const once = (status: number, shouldRetry: string | null) => ({ status, asked: 1, retries: null, shouldRetry });

/** The rows of docs/decisions/retries.md. */
const TABLE: readonly (readonly [what: string, fault: Fault, outcome: object])[] = [
  ['429', { status: 429 }, REPEATED],
  ['503', { status: 503, headers: { 'retry-after': '1' } }, REPEATED],
  ['400', { status: 400 }, once(400, null)],
  ['401', { status: 401 }, once(502, 'false')],
  ['402', { status: 402 }, once(429, 'false')],
  ['403', { status: 403 }, once(502, 'false')],
  ['404', { status: 404 }, once(502, 'false')],
  ['408', { status: 408 }, once(504, 'false')],
  ['413', { status: 413 }, once(413, null)],
  ['422', { status: 422 }, once(422, null)],
  ['500', { status: 500 }, once(502, 'false')],
  ['502', { status: 502 }, once(502, 'false')],
  ['504', { status: 504 }, once(504, 'false')],
  ['a connection that breaks before the answer', { dropBeforeHeaders: true }, once(502, 'false')],
  ['an answer that breaks off', { body: PICTURE, dropAfterBytes: 20 }, once(502, 'false')],
  ['an answer of no use', { body: '<html>', contentType: 'text/html' }, once(502, 'false')],
];

describe('A request whose first try ends with', () => {
  it.each(TABLE)('%s', async (_, fault, outcome) => {
    expect(await outcomeOf(fault)).toEqual(outcome);
  });

  it('no connection is sent again, within its time, and may be tried again by its client', async () => {
    await using lonely = await startGateway(await unusedAddress(), { NUM_RETRIES: '1' });
    const response = await generate({}, lonely);
    expect(response.status).toBe(502);
    expect(response.headers.get('x-should-retry')).toBeNull();
    expect(await (await lonely.call('/metrics')).text()).toContain(
      'recraft_gateway_upstream_retries_total{reason="upstreamUnreachable"} 1',
    );
  });

  it('a silence is not sent again: it may be charged', async () => {
    await using hasty = await startGateway(sandbox, { NUM_RETRIES: '2', UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '100' });
    expect(await outcomeOf({ delayMs: 5_000 }, {}, hasty)).toEqual(once(504, 'false'));
  });

  it('an answer that its client has seen the beginning of is never sent again', async () => {
    await using daring = await startGateway(sandbox, { NUM_RETRIES: '2', RETRY_CHARGED: 'true' });
    sandbox.fault({ body: LARGE, dropAfterBytes: 200_000 });
    await expect((await generate({}, daring)).text()).rejects.toMatchObject({ name: 'TypeError' });
    expect(sandbox.requests()).toHaveLength(1);
  });
});

describe('Where the operator pays twice rather than not at all', () => {
  it.each<[string, Fault]>([
    ['500', { status: 500 }],
    ['504', { status: 504 }],
    ['a broken connection', { dropBeforeHeaders: true }],
  ])('%s is sent again', async (_, fault) => {
    await using daring = await startGateway(sandbox, { NUM_RETRIES: '1', RETRY_CHARGED: 'true' });
    expect(await outcomeOf(fault, {}, daring)).toEqual(REPEATED);
  });
});

describe('How often', () => {
  it('is the operator’s choice, and the last refusal is told', async () => {
    expect(await outcomeOf({ status: 429, times: 5 })).toMatchObject({ status: 429, asked: 3 });
  });

  it('is the caller’s choice', async () => {
    expect(await outcomeOf({ status: 429 }, { 'x-litellm-num-retries': '0' })).toEqual(once(429, null));
    sandbox.reset();
    sandbox.fault({ status: 429, times: 2 });
    const response = await gateway.post(GENERATIONS, { prompt: 'a fox', num_retries: 1 });
    expect(response.status).toBe(429);
    expect(sandbox.requests()).toHaveLength(2);
  });

  it.each([
    [{ 'x-litellm-num-retries': 'many' }, 'num_retries'],
    [{ 'x-litellm-num-retries': '11' }, 'num_retries'],
    [{ 'x-litellm-timeout': '0' }, 'timeout'],
    [{ 'x-litellm-timeout': 'soon' }, 'timeout'],
  ])('is refused before anything is sent where it is none: %j', async (headers: Record<string, string>, param) => {
    const response = await generate(headers);
    expect({ status: response.status, body: await response.json() }).toMatchObject({
      status: 400,
      body: { error: { param } },
    });
    expect(sandbox.requests()).toEqual([]);
  });

  it('is no more than the time allows', async () => {
    expect(await outcomeOf({ status: 503 }, { 'x-litellm-timeout': '1' })).toMatchObject({ status: 503, asked: 1 });
  });
});

describe('The time a request has', () => {
  it.each([
    ['in the body', { timeout: 0.2 }, {}],
    ['in LiteLLM’s header', {}, { 'x-litellm-timeout': '0.2' }],
  ])('can be set %s', async (_, fields, headers) => {
    sandbox.fault({ delayMs: 60_000 });
    const response = await gateway.post(GENERATIONS, { prompt: 'a fox', ...fields }, { headers });
    expect(response.status).toBe(504);
    expect(response.headers.get('x-ignored-params')).toBeNull();
  });

  it('can be set in a form', async () => {
    const form = new FormData();
    for (const [name, value] of [
      ['prompt', 'a fox'],
      ['timeout', '0.2'],
    ] as const)
      form.append(name, value);
    sandbox.fault({ delayMs: 60_000 });
    const response = await gateway.call(GENERATIONS, { method: 'POST', body: form });
    expect(response.status).toBe(504);
  });

  it('includes the pauses between two tries', async () => {
    let asked = 0;
    await using upstream = await startHttpServer((_, response) => {
      asked++;
      response.writeHead(503, { 'retry-after': '30' }).end();
    });
    await using patient = await startGateway(upstream, { NUM_RETRIES: '5' });
    expect((await generate({ 'x-litellm-timeout': '2' }, patient)).status).toBe(503);
    expect(asked).toBe(1);
  });
});
