import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';

const STYLE = '11111111-2222-3333-4444-555555555555';

/** What `model_list` holds of an account's choices: its style, and base64. */
const STYLED = {
  model_name: 'styled',
  litellm_params: {
    model: 'recraft/recraftv3',
    style: 'digital_illustration',
    substyle: 'hand_drawn',
    response_format: 'b64_json',
  },
};
const BRANDED = { model_name: 'branded', litellm_params: { model: 'recraft/recraftv3', style_id: STYLE } };

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
  gateway = await startGateway(sandbox, { MODEL_LIST: JSON.stringify([STYLED, BRANDED]) });
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.reset();
});

const draw = (body: object): Promise<Response> => gateway.post('/v1/images/generations', { prompt: 'a fox', ...body });

const DEFAULTS = { prompt: 'a fox', model: 'recraftv4_1', n: 1, response_format: 'url' };

describe('What a request leaves open', () => {
  it.each<[fact: string, body: object, received: object]>([
    ['model, n and response_format have defaults', {}, DEFAULTS],
    [
      'null is the same as nothing',
      { model: null, n: null, size: null, style: null, controls: null, response_format: null, quality: null },
      DEFAULTS,
    ],
    ['an empty model is the default one', { model: '' }, DEFAULTS],
    ['size auto leaves the size to Recraft', { size: 'auto' }, DEFAULTS],
    ['gpt-image-1 answers base64', { model: 'gpt-image-1' }, { ...DEFAULTS, response_format: 'b64_json' }],
    ['gpt-image-1 answers links where asked to', { model: 'gpt-image-1', response_format: 'url' }, DEFAULTS],
    ['dall-e-3 answers links', { model: 'dall-e-3' }, DEFAULTS],
    [
      "a deployment's own choices fill in",
      { model: 'styled' },
      {
        prompt: 'a fox',
        model: 'recraftv3',
        n: 1,
        response_format: 'b64_json',
        style: 'digital_illustration',
        substyle: 'hand_drawn',
      },
    ],
    [
      'style_id replaces the style of the deployment',
      { model: 'styled', style_id: STYLE, response_format: 'url' },
      { ...DEFAULTS, model: 'recraftv3', style_id: STYLE },
    ],
    [
      'style replaces the style_id of the deployment',
      { model: 'branded', style: 'realistic_image' },
      { ...DEFAULTS, model: 'recraftv3', style: 'realistic_image' },
    ],
    [
      'vivid, which clients send unasked, leaves the style of the deployment',
      { model: 'branded', style: 'vivid' },
      { ...DEFAULTS, model: 'recraftv3', style_id: STYLE },
    ],
  ])('%s', async (_fact, body, received) => {
    const response = await draw(body);
    expect(response.status).toBe(200);
    expect(sandbox.requests().map(({ fields }) => fields)).toEqual([received]);
  });
});

describe("OpenAI's words that Recraft does not know", () => {
  it.each<[body: object, ignored: string]>([
    [{ model: 'dall-e-3', style: 'vivid', quality: 'standard' }, 'style, quality'],
    [{ model: 'dall-e-3', style: 'natural', quality: 'hd', user: 'u1' }, 'style, quality, user'],
    [{ model: 'gpt-image-1', background: 'auto', moderation: 'low', response_format: 'url' }, 'moderation, background'],
    [{ output_compression: 80, safety_identifier: 's' }, 'output_compression, safety_identifier'],
  ])('%j is accepted, kept back and named', async (body, ignored) => {
    const response = await draw(body);
    expect(response.headers.get('x-ignored-params')).toBe(ignored);
    expect(sandbox.requests().map(({ fields }) => fields)).toEqual([DEFAULTS]);
  });

  it('are refused by name where the operator wants it so', async () => {
    await using strict = await startGateway(sandbox, { DROP_PARAMS: 'false' });
    const response = await strict.post('/v1/images/generations', { prompt: 'a fox', quality: 'hd' });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'quality', code: 'unsupported_parameter' } });
  });
});

describe("OpenAI's sizes", () => {
  it.each([
    ['recraft/recraftv3', '1792x1024', '1820x1024'],
    ['recraft/recraftv3', '1024x1792', '1024x1820'],
    ['recraft/recraftv3', '512x512', '1024x1024'],
    ['dall-e-3', '1792x1024', '1344x768'],
    ['gpt-image-1', '1536x1024', '1280x832'],
    ['gpt-image-1', '1024x1536', '832x1280'],
  ])('%s draws %s as %s', async (model, size, drawn) => {
    expect((await draw({ model, size })).status).toBe(200);
    expect(sandbox.requests().at(-1)?.fields).toMatchObject({ size: drawn });
  });
});
