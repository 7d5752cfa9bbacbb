import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';

const GENERATIONS = '/v1/images/generations';
const PICTURE = { created: 1, data: [{ url: 'https://example.com/fox' }] };
const CALL_ID = /^req_[\w-]{36}$/;

let sandbox: Sandbox;
let gateway: RunningGateway;

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

/** A generation that costs the sandbox no drawing. */
function generate(body: object = {}, headers: Record<string, string> = {}, from = gateway): Promise<Response> {
  sandbox.fault({ path: GENERATIONS, body: PICTURE });
  return from.post(GENERATIONS, { prompt: SECRET_PROMPT, ...body }, { headers });
}

describe('The ids of a call', () => {
  it.each(['/docs', '/openapi.json', '/health/liveliness', '/v1/models', '/metrics', '/nowhere'])(
    'are on every answer: %s',
    async (path) => {
      const { headers } = await gateway.call(path);
      expect(headers.get('x-request-id')).toMatch(CALL_ID);
      expect(headers.get('x-litellm-call-id')).toBe(headers.get('x-request-id'));
    },
  );

  it('are new with each request', async () => {
    const ids = [await gateway.call('/v1/models'), await gateway.call('/v1/models')].map(({ headers }) =>
      headers.get('x-request-id'),
    );
    expect(new Set(ids).size).toBe(2);
  });

  it('echo the caller’s own', async () => {
    const { headers } = await generate({}, { 'x-litellm-call-id': 'order-17.a:b_c' });
    expect(headers.get('x-litellm-call-id')).toBe('order-17.a:b_c');
    expect(headers.get('x-request-id')).toMatch(CALL_ID);
  });

  it.each([
    ['blanks', 'with blanks'],
    ['markup', '<script>'],
    ['a log line', '{"level":60}'],
    ['other letters', 'été'],
    ['great length', 'a'.repeat(129)],
  ])('do not echo what could do harm: %s', async (_, id) => {
    const { headers } = await generate({}, { 'x-litellm-call-id': id });
    expect(headers.get('x-litellm-call-id')).toBe(headers.get('x-request-id'));
  });
});

describe('The cost of a call', () => {
  it.each([
    [{ model: 'recraft/recraftv3' }, '0.04'],
    [{ model: 'recraft/recraftv3', style: 'vector_illustration', n: 2 }, '0.16'],
    [{ model: 'recraft/recraftv3_vector' }, '0.08'],
    [{ model: 'recraft/recraftv4_1_vector', n: 3 }, '0.24'],
    [{ model: 'recraft/recraftv4_pro_vector', n: 2 }, '0.6'],
    [{ model: 'recraft/recraftv4_1_flash', n: 2, size: '1:1' }, '0.014'],
  ])('is what Recraft charged, in dollars: %j', async (order, dollars) => {
    const response = await gateway.post(GENERATIONS, { prompt: SECRET_PROMPT, ...order });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-litellm-response-cost')).toBe(dollars);
    expect(sandbox.charges().total / 1000).toBe(Number(dollars));
  });

  it('is what Recraft charged for an edit', async () => {
    const form = new FormData();
    form.set('prompt', SECRET_PROMPT);
    form.set('model', 'recraft/recraftv3_vector');
    form.set('image', new Blob([new Uint8Array(await aPicture())]));
    const response = await gateway.call('/v1/images/edits', { method: 'POST', body: form });
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.08');
    expect(sandbox.charges().total).toBe(80);
  });

  it('is the price where Recraft does not say', async () => {
    expect((await generate({ n: 3, model: 'recraft/recraftv3' })).headers.get('x-litellm-response-cost')).toBe('0.12');
  });

  it('is not named for a call that failed', async () => {
    sandbox.fault({ status: 500 });
    const { headers } = await gateway.post(GENERATIONS, { prompt: SECRET_PROMPT });
    expect(headers.has('x-litellm-response-cost')).toBe(false);
  });
});

describe('What else a call says', () => {
  it('names the deployment that served it', async () => {
    const models = [{ model_name: 'fox', litellm_params: { model: 'recraft/recraftv3' }, model_info: { id: 'fox-1' } }];
    await using another = await startGateway(sandbox, { MODEL_LIST: JSON.stringify(models) });
    const { headers } = await generate({ model: 'fox' }, {}, another);
    expect(headers.get('x-litellm-model-id')).toBe('fox-1');
  });

  it('tells how long it took, and how much of that was the gateway', async () => {
    sandbox.fault({ path: GENERATIONS, delayMs: 30, body: PICTURE });
    const { headers } = await gateway.post(GENERATIONS, { prompt: SECRET_PROMPT });
    const [whole, own] = ['x-litellm-response-duration-ms', 'x-litellm-overhead-duration-ms'].map((name) => {
      expect(headers.get(name)).toMatch(/^\d+\.\d$/);
      return Number(headers.get(name));
    });
    expect(whole).toBeGreaterThanOrEqual(25);
    expect(own).toBeLessThan(Number(whole));
  });

  it('lists what was not forwarded', async () => {
    const ignored = { quality: 'hd', style: 'vivid', user: 'u-1', background: 'auto', moderation: 'low' };
    const { headers } = await generate(ignored);
    expect(headers.get('x-ignored-params')?.split(', ').sort()).toEqual(Object.keys(ignored).sort());
    expect(sandbox.requests()[0]?.fields).toEqual({
      prompt: SECRET_PROMPT,
      model: 'recraftv4_1',
      n: 1,
      response_format: 'url',
    });
  });

  it('has no such list where all was', async () => {
    expect((await generate({ random_seed: 3 })).headers.has('x-ignored-params')).toBe(false);
  });
});

describe('Where nothing is to be ignored', () => {
  let strict: RunningGateway;

  beforeAll(async () => {
    strict = await startGateway(sandbox, { DROP_PARAMS: 'false' });
  });

  afterAll(() => strict.close());

  it.each([
    ['quality', 'hd'],
    ['style', 'natural'],
    ['background', 'opaque'],
    ['moderation', 'auto'],
    ['user', 'u-1'],
    ['safety_identifier', 's-1'],
    ['output_compression', 100],
    ['partial_images', 0],
    ['input_fidelity', 'high'],
  ])('%s is refused by its name', async (param, value) => {
    const response = await strict.post(GENERATIONS, { prompt: SECRET_PROMPT, [param]: value });
    await expectError(response, { status: 400, code: 'unsupported_parameter', param });
    expect(sandbox.requests()).toEqual([]);
  });

  it('null is still no value', async () => {
    expect((await generate({ quality: null, user: null }, {}, strict)).status).toBe(200);
  });
});
