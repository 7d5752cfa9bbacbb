import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { withKey } from '../support/keys.js';
import { aPicture } from '../support/pictures.js';

/** A style that the sandbox has from the start. */
const STYLE = '11111111-2222-3333-4444-555555555555';

const KEYS = [
  { key: 'sk-v3', models: ['recraftv3'] },
  { key: 'sk-v2', models: ['recraft/recraftv2'] },
  { key: 'sk-spelled', models: ['recraftv3_raster'] },
  { key: 'sk-pro', models: ['recraft/recraftv4_1_pro'] },
  { key: 'sk-styles', models: ['recraft/recraftv4_styles'] },
  { key: 'sk-generate', operations: ['generate'] },
  { key: 'sk-with-styles', operations: ['generate', 'createStyle'] },
  { key: 'sk-all' },
];

let sandbox: Sandbox;
let gateway: RunningGateway;
let picture: string;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 10_000_000 });
  gateway = await startGateway(sandbox, { API_KEYS: JSON.stringify(KEYS) });
  picture = `data:image/png;base64,${(await aPicture()).toString('base64')}`;
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.reset();
});

interface Outcome {
  readonly status: number;
  readonly code: string | undefined;
}

async function outcomeOf(response: Response): Promise<Outcome> {
  const { code } = (await response.json()) as { code?: string };
  return { status: response.status, code };
}

const post = async (key: string, path: string, body: object): Promise<Outcome> =>
  outcomeOf(await gateway.post(path, body, withKey(key)));

const ALLOWED = { status: 200, code: undefined };
const NOT_THE_MODEL = { status: 403, code: 'key_model_access_denied' };
const NOT_THE_OPERATION = { status: 403, code: 'key_operation_access_denied' };

describe('A new style is a matter of the model that it will be bound to', () => {
  const make = (key: string, model?: string) => post(key, '/v1/styles', { model, image_urls: [picture] });

  it.each([
    ['sk-v3', 'recraftv3', ALLOWED],
    ['sk-v3', 'recraft/recraftv3', ALLOWED],
    ['sk-v3', 'recraftv2', NOT_THE_MODEL],
    ['sk-v3', undefined, NOT_THE_MODEL],
    ['sk-v3', '', NOT_THE_MODEL],
    ['sk-v2', 'recraftv3', NOT_THE_MODEL],
    ['sk-styles', undefined, ALLOWED],
    ['sk-styles', 'recraftv4_styles_raster', ALLOWED],
    ['sk-styles', 'recraftv4_1', NOT_THE_MODEL],
    ['sk-all', 'recraftv4_1_pro', ALLOWED],
  ])('%s, %s', async (key, model, outcome) => {
    expect(await make(key, model)).toEqual(outcome);
    expect(sandbox.requests()).toHaveLength(outcome.status === 200 ? 1 : 0);
  });

  it('which a name of the key stands for', async () => {
    const key = { key: 'sk-own', models: ['recraft/recraftv3'], aliases: { house: 'recraft/recraftv3' } };
    await using own = await startGateway(sandbox, { API_KEYS: JSON.stringify([key]) });
    const response = await own.post('/v1/styles', { model: 'house', image_urls: [picture] }, withKey('sk-own'));
    expect(await response.json()).toMatchObject({ model: 'recraftv3', match: 'regular' });
  });

  it("which is the configured default where no account reaches Recraft's", async () => {
    const params = { model: 'recraft/recraftv3', api_key: 'test-key', api_base: sandbox.url };
    await using own = await startGateway(sandbox, {
      RECRAFT_API_KEY: '',
      MODEL_LIST: JSON.stringify([{ model_name: 'poster', litellm_params: params }]),
    });
    const response = await own.post('/v1/styles', { image_urls: [picture] });
    expect(await response.json()).toMatchObject({ model: 'recraftv3' });
  });
});

/** Operations that no model is chosen for (recraft-api.md §2), and how they are asked for. */
const WITHOUT_MODEL: Readonly<Record<string, (key: string) => Promise<Response>>> = {
  vectorize: (key) => gateway.post('/v1/images/vectorize', { image_url: picture }, withKey(key)),
  removeBackground: (key) => gateway.post('/v1/images/removeBackground', { image_url: picture }, withKey(key)),
  crispUpscale: (key) => gateway.post('/v1/images/crispUpscale', { image_url: picture }, withKey(key)),
  creativeUpscale: (key) => gateway.post('/v1/images/creativeUpscale', { image_url: picture }, withKey(key)),
  eraseRegion: async (key) => {
    const mask = await aPicture({ color: '#fff' });
    const mask_url = `data:image/png;base64,${mask.toString('base64')}`;
    return gateway.post('/v1/images/eraseRegion', { image_url: picture, mask_url }, withKey(key));
  },
  enhancePrompt: (key) => gateway.post('/v1/prompts/enhance', { prompt: 'a fox' }, withKey(key)),
  optimizeColors: (key) =>
    gateway.post('/v1/colors/optimize', { colors: [{ hex: '#ff0000' }], num_colors_limit: 1 }, withKey(key)),
  listStyles: (key) => gateway.call('/v1/styles', withKey(key)),
  readStyle: async (key) => gateway.call(`/v1/styles/${await madeStyle()}`, withKey(key)),
  deleteStyle: async (key) => gateway.call(`/v1/styles/${await madeStyle()}`, { method: 'DELETE', ...withKey(key) }),
  listBasicStyles: (key) => gateway.call('/v1/styles/basic', withKey(key)),
  readAccount: (key) => gateway.call('/v1/users/me', withKey(key)),
  readStatus: (key) => gateway.call('/status', withKey(key)),
};

async function madeStyle(): Promise<string> {
  const response = await gateway.post('/v1/styles', { image_urls: [picture] });
  return ((await response.json()) as { id: string }).id;
}

describe.each(Object.entries(WITHOUT_MODEL))('%s has no model', (_, ask) => {
  it('so that a key with models may have it', async () => {
    expect(await outcomeOf(await ask('sk-v3'))).toEqual(ALLOWED);
  });

  it('and is a matter of the operations of a key', async () => {
    expect(await outcomeOf(await ask('sk-generate'))).toEqual(NOT_THE_OPERATION);
  });
});

describe('Work without a model', () => {
  it('is done by the account of the model that is named, which then has to be one of the key', async () => {
    const body = { image_url: picture, model: 'recraft/recraftv2' };
    expect(await post('sk-v3', '/v1/images/vectorize', body)).toEqual(NOT_THE_MODEL);
    expect(await post('sk-v2', '/v1/images/vectorize', body)).toEqual(ALLOWED);
  });

  it('leaves the models of all other work to the key', async () => {
    const body = { image_url: picture, size: '1:1' };
    expect(await post('sk-v3', '/v1/images/variateImage', body)).toEqual(NOT_THE_MODEL);
    expect(await post('sk-v3', '/v1/images/explore', { prompt: 'a fox' })).toEqual(NOT_THE_MODEL);
  });
});

describe('Work that one model always does', () => {
  const image = () => ({ image_url: picture });
  const path = '/v1/images/enhance';

  it.each(['/v1/images/enhance', '/v1/images/refineDetails'])('is a matter of that model: %s', async (route) => {
    expect(await post('sk-v3', route, image())).toEqual(NOT_THE_MODEL);
    expect(sandbox.requests()).toEqual([]);
    expect(await post('sk-pro', route, image())).toEqual(ALLOWED);
    expect(await post('sk-all', route, image())).toEqual(ALLOWED);
  });

  it('is not had by naming another', async () => {
    expect(await post('sk-v3', path, { ...image(), model: 'recraftv3' })).toEqual(NOT_THE_MODEL);
    expect(await post('sk-pro', path, { ...image(), model: 'recraftv4_1_pro' })).toEqual(ALLOWED);
    const response = await gateway.post(path, image(), withKey('sk-v3'));
    expect(await response.json()).toMatchObject({
      message: "This key may not use the model 'recraft/recraftv4_1_pro', which always does this work.",
    });
  });

  it('is a matter of the operations of a key as well', async () => {
    expect(await post('sk-generate', path, image())).toEqual(NOT_THE_OPERATION);
  });
});

describe('The account', () => {
  it('shows whose it is to the master key alone', async () => {
    const seen = async (key: string) => (await gateway.call('/v1/users/me', withKey(key))).json();
    expect(await seen('sk-all')).toEqual({ id: expect.any(String), credits: 10_000_000 });
    expect(await seen(gateway.key)).toMatchObject({ email: 'sandbox@example.com', name: 'Sandbox account' });
  });
});

describe('A model in another spelling is the same model to a key', () => {
  it.each([
    ['sk-v3', 'recraftv3'],
    ['sk-v3', 'recraftv3_raster'],
    ['sk-v3', 'recraft/recraftv3_raster'],
    ['sk-spelled', 'recraftv3'],
    ['sk-spelled', 'recraft/recraftv3'],
    ['sk-spelled', 'recraftv3_raster'],
  ])('%s may use %s', async (key, model) => {
    expect(await post(key, '/v1/images/generations', { prompt: 'a fox', model })).toEqual(ALLOWED);
  });

  it.each(['recraftv3_vector', 'recraftv2_raster', 'recraftv4_raster'])('but not %s', async (model) => {
    expect(await post('sk-v3', '/v1/images/generations', { prompt: 'a fox', model })).toEqual(NOT_THE_MODEL);
  });
});

describe('Style references leave a style in the account', () => {
  const model = 'recraftv4_styles';
  const references = () => ({ prompt: 'a fox', model, style_reference_urls: [picture] });

  it.each(['/v1/images/generations', '/v1/images/generations/raster'])(
    'so that %s with them is a matter of createStyle too',
    async (path) => {
      expect(await post('sk-generate', path, references())).toEqual(NOT_THE_OPERATION);
      expect(sandbox.requests()).toEqual([]);
      expect(await post('sk-with-styles', path, references())).toEqual(ALLOWED);
      expect(await post('sk-generate', path, { prompt: 'a fox', model, style_id: STYLE })).toEqual(ALLOWED);
    },
  );

  it('also where they come as files', async () => {
    const form = new FormData();
    form.set('prompt', 'a fox');
    form.set('model', model);
    form.set('style_references', new Blob([new Uint8Array(await aPicture())]), 'style.png');
    const response = await gateway.call('/v1/images/generations', {
      method: 'POST',
      body: form,
      ...withKey('sk-generate'),
    });
    expect(await outcomeOf(response)).toEqual(NOT_THE_OPERATION);
  });
});
