import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';

const PROMPT = 'a red fox asleep in fresh snow';
const SIDE = 512;

let sandbox: Sandbox;
let gateway: RunningGateway;
let picture: Buffer;
let mask: Buffer;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 10_000_000 });
  gateway = await startGateway(sandbox);
  picture = await solid('#2040a0');
  const hole = await sharp({ create: { width: 100, height: 100, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
  mask = await sharp(await solid('#000'))
    .composite([{ input: hole, left: 50, top: 50 }])
    .removeAlpha()
    .toColourspace('b-w')
    .png()
    .toBuffer();
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

beforeEach(() => {
  sandbox.reset();
});

function solid(background: string): Promise<Buffer> {
  return sharp({ create: { width: SIDE, height: SIDE, channels: 3, background } })
    .png()
    .toBuffer();
}

type Names = readonly ('image' | 'file' | 'mask' | 'style_references' | 'anything')[];

function bytesOf(name: string): Buffer {
  return name === 'mask' ? mask : picture;
}

function formOf(names: Names, fields: Readonly<Record<string, unknown>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, String(value));
  for (const name of names)
    form.set(name, new Blob([new Uint8Array(bytesOf(name))], { type: 'image/png' }), `${name}.png`);
  return form;
}

const dataUrl = (name: string): string => `data:image/png;base64,${bytesOf(name).toString('base64')}`;

const JSON_NAMES: Readonly<Record<string, string>> = { image: 'image_url', file: 'image_url', mask: 'mask_url' };

function jsonOf(names: Names, fields: Readonly<Record<string, unknown>>): object {
  return { ...fields, ...Object.fromEntries(names.map((name) => [JSON_NAMES[name] ?? name, dataUrl(name)])) };
}

interface Operation {
  readonly path: string;
  readonly files: Names;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly units: number | undefined;
  /** `format WxH` of the first picture, and how many there are. */
  readonly first: string;
  readonly count: number | 'single';
}

/** Every route that answers with pictures (recraft-api.md §2), what it costs (§7) and what comes back. */
const OPERATIONS: readonly Operation[] = [
  {
    path: 'generations/raster',
    files: [],
    fields: { prompt: PROMPT, n: 2 },
    units: 70,
    first: 'webp 1024x1024',
    count: 2,
  },
  {
    path: 'generations/vector',
    files: [],
    fields: { prompt: PROMPT, model: 'recraftv4_vector', size: '16:9' },
    units: 80,
    first: 'svg 1344x768',
    count: 1,
  },
  {
    path: 'imageToImage',
    files: ['image'],
    fields: { prompt: PROMPT, strength: 0.5 },
    units: 35,
    first: 'webp 1024x1024',
    count: 1,
  },
  {
    path: 'inpaint',
    files: ['image', 'mask'],
    fields: { prompt: PROMPT, n: 2 },
    units: 80,
    first: `webp ${SIDE}x${SIDE}`,
    count: 2,
  },
  {
    path: 'outpaint',
    files: ['image'],
    fields: { prompt: PROMPT, expand_left: 88 },
    units: 40,
    first: `webp 600x${SIDE}`,
    count: 1,
  },
  {
    path: 'replaceBackground',
    files: ['image'],
    fields: { prompt: PROMPT, image_format: 'png' },
    units: 40,
    first: `png ${SIDE}x${SIDE}`,
    count: 1,
  },
  {
    path: 'generateBackground',
    files: ['image', 'mask'],
    fields: { prompt: PROMPT, model: 'recraftv3_vector' },
    units: 80,
    first: `svg ${SIDE}x${SIDE}`,
    count: 1,
  },
  {
    path: 'vectorize',
    files: ['file'],
    fields: { shape_stacking: 'cut_out' },
    units: 10,
    first: `svg ${SIDE}x${SIDE}`,
    count: 'single',
  },
  { path: 'removeBackground', files: ['file'], fields: {}, units: 10, first: `webp ${SIDE}x${SIDE}`, count: 'single' },
  { path: 'crispUpscale', files: ['file'], fields: {}, units: 4, first: 'webp 1024x1024', count: 'single' },
  { path: 'clarityUpscale', files: ['file'], fields: {}, units: 4, first: 'webp 1024x1024', count: 'single' },
  { path: 'creativeUpscale', files: ['file'], fields: {}, units: 250, first: 'webp 2048x2048', count: 'single' },
  { path: 'generativeUpscale', files: ['file'], fields: {}, units: 250, first: 'webp 2048x2048', count: 'single' },
  {
    path: 'enhance',
    files: ['file'],
    fields: { refinement: 'subtle' },
    units: 210,
    first: 'webp 2048x2048',
    count: 'single',
  },
  { path: 'refineDetails', files: ['file'], fields: {}, units: 210, first: 'webp 2048x2048', count: 'single' },
  {
    path: 'eraseRegion',
    files: ['image', 'mask'],
    fields: { image_format: 'png' },
    units: 2,
    first: `png ${SIDE}x${SIDE}`,
    count: 'single',
  },
  {
    path: 'variateImage',
    files: ['image'],
    fields: { size: '1:2', n: 2 },
    units: 80,
    first: 'webp 768x1536',
    count: 2,
  },
  {
    path: 'explore',
    files: [],
    fields: { prompt: PROMPT, model: 'recraftv4' },
    units: undefined,
    first: 'webp 1024x1024',
    count: 4,
  },
];

interface Picture {
  readonly image_id: string;
  readonly url?: string;
  readonly b64_json?: string;
}

interface Answer {
  readonly credits: number;
  readonly data?: readonly Picture[];
  readonly image?: Picture;
}

async function kindOf(bytes: Uint8Array): Promise<string> {
  const { format, width, height } = await sharp(bytes).metadata();
  return `${format} ${width}x${height}`;
}

async function expectPictures(response: Response, { units, first, count }: Operation): Promise<void> {
  const text = await response.text();
  expect([response.status, response.ok ? '' : text]).toEqual([200, '']);
  const answer = JSON.parse(text) as Answer;
  if (units !== undefined) expect(answer.credits).toBe(units);
  expect(Number(response.headers.get('x-litellm-response-cost'))).toBe(answer.credits / 1000);
  const pictures = count === 'single' ? [answer.image] : (answer.data ?? []);
  expect(pictures).toHaveLength(count === 'single' ? 1 : count);
  expect(await kindOf(Buffer.from(pictures[0]?.b64_json ?? '', 'base64'))).toBe(first);
}

const b64 = { response_format: 'b64_json' };

describe("Every operation of Recraft's", () => {
  for (const operation of OPERATIONS) {
    const { path, files, fields } = operation;

    it(`${path} answers as Recraft does to a form`, async () => {
      await expectPictures(
        await gateway.call(`/v1/images/${path}`, { method: 'POST', body: formOf(files, { ...fields, ...b64 }) }),
        operation,
      );
    });

    it(`${path} answers as Recraft does to JSON, nulls and a field of tomorrow included`, async () => {
      const body = { ...jsonOf(files, { ...fields, ...b64 }), random_seed: null, of_tomorrow: 'kept' };
      await expectPictures(await gateway.post(`/images/${path}`, body), operation);
      expect(sandbox.requests().at(-1)?.fields).toMatchObject({ of_tomorrow: 'kept' });
    });

    it(`${path} gives links unasked`, async () => {
      const answer = (await (await gateway.post(`/v1/images/${path}`, jsonOf(files, fields))).json()) as Answer;
      const [only] = answer.data ?? [answer.image];
      const picture = await fetch(only?.url ?? '');
      expect(await kindOf(await picture.bytes())).toBe(operation.first);
    });

    it(`${path} refuses a body without what it needs in both dialects, before Recraft is asked`, async () => {
      const response = await gateway.post(`/v1/images/${path}`, {});
      expect(response.status).toBe(400);
      const { error, code, message } = (await response.json()) as {
        error: { code: string; message: string; param: string };
      } & Record<string, string>;
      expect(error.code).toBe('missing_required_parameter');
      expect([code, message]).toEqual([error.code, error.message]);
      expect([...Object.keys(fields), ...files, 'image']).toContain(error.param);
      expect(sandbox.requests()).toEqual([]);
    });
  }

  it.each(['image', 'file', 'anything'] as const)('takes the picture as the form part %s', async (name) => {
    const response = await gateway.call('/v1/images/removeBackground', { method: 'POST', body: formOf([name], b64) });
    expect(response.status).toBe(200);
  });

  it('sketches like one of a set', async () => {
    const set = (await (await gateway.post('/v1/images/explore', { prompt: PROMPT })).json()) as Answer;
    const similar = { source_image_id: set.data?.[0]?.image_id, similarity: 4 };
    const answer = (await (await gateway.post('/v1/images/explore/similar', similar)).json()) as Answer;
    expect(answer.data).toHaveLength(4);
  });

  it.each([
    [1, { response_format: 'multipart' }, 'removeBackground', ['file'] as Names],
    [2, { response_format: 'multipart', prompt: PROMPT, n: 2 }, 'generations/raster', [] as Names],
  ])('answers %i files in a form where it is asked for one', async (count, fields, path, files) => {
    const response = await gateway.call(`/v1/images/${path}`, { method: 'POST', body: formOf(files, fields) });
    // The client's own parser is the judge.
    // eslint-disable-next-line @typescript-eslint/no-deprecated
    const form = await response.formData();
    const answer = JSON.parse(form.get('response') as string) as Answer;
    const pictures = answer.data ?? [answer.image];
    expect(pictures).toHaveLength(count);
    for (const id of pictures.map((one) => one?.image_id ?? '')) {
      // Undici's parser takes a part without a file name for text, so its bytes are not compared here.
      expect(form.get(id)).not.toBeNull();
    }
    expect(response.headers.get('x-litellm-response-cost')).not.toBeNull();
  });
});

describe('Styles', () => {
  const create = (): Promise<Response> =>
    gateway.call('/v1/styles', { method: 'POST', body: formOf(['anything'], { model: 'recraftv4_styles' }) });

  it('are made, used, listed, read and deleted', async () => {
    const made = await create();
    expect(made.headers.get('x-litellm-response-cost')).toBe('0.005');
    const { id } = (await made.json()) as { id: string };
    const drawn = await gateway.post('/v1/images/generations', {
      prompt: PROMPT,
      model: 'recraft/recraftv4_styles',
      style_id: id,
    });
    expect(drawn.status).toBe(200);
    const list = (await (await gateway.call('/v1/styles')).json()) as { styles: { id: string }[] };
    expect(list.styles.map((style) => style.id)).toEqual([id]);
    expect(await (await gateway.call(`/v1/styles/${id}`)).json()).toMatchObject({ id, model: 'recraftv4_styles' });
    expect((await gateway.call(`/v1/styles/${id}`, { method: 'DELETE' })).status).toBe(200);
    const gone = await gateway.call(`/v1/styles/${id}`);
    expect(gone.status).toBe(404);
    expect(await gone.json()).toMatchObject({
      code: 'style_not_found',
      error: { code: 'style_not_found', param: 'style_id' },
    });
  });

  it('lists the curated ones', async () => {
    const { styles } = (await (await gateway.call('/v1/styles/basic')).json()) as { styles: { style: string }[] };
    expect(styles.map(({ style }) => style)).toContain('Photorealism');
  });

  it('come with a generation as files, and their id with its answer', async () => {
    const form = formOf(['style_references'], { prompt: PROMPT, model: 'recraftv4_styles' });
    const response = await gateway.call('/v1/images/generations', { method: 'POST', body: form });
    expect(await response.json()).toMatchObject({ credits: 40, style_id: expect.any(String) });
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.04');
  });

  it('come from ten pictures at most', async () => {
    const form = formOf([], {});
    for (let at = 0; at < 11; at += 1) form.append('files', new Blob([new Uint8Array(picture)]), 'a.png');
    const response = await gateway.call('/v1/styles', { method: 'POST', body: form });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: 'files' } });
    expect(sandbox.requests()).toEqual([]);
  });
});

describe('The list of models', () => {
  interface Model {
    readonly id: string;
  }
  const listOf = async (response: Promise<Response>): Promise<readonly Model[]> =>
    ((await (await response).json()) as { data: readonly Model[] }).data;

  it("has every model of Recraft's own list, described as it is there", async () => {
    const headers = { authorization: 'Bearer any' };
    const own = await listOf(fetch(`${sandbox.url}/v1/models`, { headers }));
    const here = await listOf(gateway.call('/v1/models'));
    expect(own).toHaveLength(22);
    for (const model of own) expect(here).toContainEqual(expect.objectContaining({ ...model }));
  });

  it('has configured names first and aliases last, and each of them can be asked for', async () => {
    const entry = {
      model_name: 'poster',
      litellm_params: { model: 'recraft/recraftv99' },
      model_info: { output_cost_per_image: 0.5 },
    };
    await using configured = await startGateway(sandbox, { MODEL_LIST: JSON.stringify([entry]) });
    const list = await listOf(configured.call('/v1/models'));
    const ids = list.map(({ id }) => id);
    expect(list[0]).toMatchObject({
      id: 'poster',
      name: 'poster',
      input_modalities: ['text', 'image'],
      output_modalities: ['image'],
      pricing: { image: '0.5' },
    });
    expect(ids.slice(1, 3)).toEqual(['recraft/recraftv4_1', 'recraft/recraftv4_1_vector']);
    expect(ids.indexOf('recraftv4_1')).toBeGreaterThan(ids.indexOf('recraft/recraftv2_vector'));
    expect(ids.findIndex((id) => !id.startsWith('recraft') && id !== 'poster')).toBeGreaterThan(
      ids.indexOf('recraftv2_vector'),
    );
    expect(ids).toContain('gpt-image-1');
    for (const id of ids) expect((await configured.call(`/v1/models/${id}`)).status).toBe(200);
  });
});

describe('Documents', () => {
  it('enhances a prompt, and says what it cost', async () => {
    const response = await gateway.post('/v1/prompts/enhance', { prompt: 'a fox' });
    expect(await response.json()).toMatchObject({ enhanced_prompt: expect.stringContaining('a fox'), credits: 10 });
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.01');
  });

  it.each([
    ['/v1/prompts/enhance', { prompt: 'x'.repeat(2001) }, 'prompt'],
    ['/v1/prompts/enhance', {}, 'prompt'],
    ['/v1/colors/optimize', { colors: [], num_colors_limit: 2 }, 'colors'],
    ['/v1/colors/optimize', { colors: [{ hex: 'red' }], num_colors_limit: 2 }, 'colors[0].hex'],
    ['/v1/styles', { model: 'recraftv4_styles' }, 'files'],
    ['/v1/styles', { source_styles: [] }, 'files'],
    ['/v1/images/explore/similar', { source_image_id: 'x', similarity: 1 }, 'source_image_id'],
  ])('%s refuses %j', async (path, body, param) => {
    const response = await gateway.post(path, body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
    expect(sandbox.requests()).toEqual([]);
  });

  it('reduces colours', async () => {
    const body = { colors: [{ hex: '#ff0000' }, { hex: '#00ff00' }], num_colors_limit: 1 };
    expect(await (await gateway.post('/v1/colors/optimize', body)).json()).toMatchObject({ mapping: [{}, {}] });
  });

  it('tells the balance and the state', async () => {
    expect(await (await gateway.call('/v1/users/me')).json()).toMatchObject({
      credits: 10_000_000,
      id: expect.any(String),
    });
    expect(await (await gateway.call('/status')).json()).toEqual({ service: true, generation: true });
  });

  it("answers Recraft's probe without a key, and nothing but GET", async () => {
    const probe = await fetch(`${gateway.url}/ping`);
    expect([probe.status, await probe.text()]).toEqual([200, '']);
    const wrong = await fetch(`${gateway.url}/ping`, { method: 'DELETE' });
    expect([wrong.status, await wrong.json()]).toMatchObject([405, { code: 'method_not_supported' }]);
    expect(sandbox.requests()).toEqual([]);
  });

  it('asks for a key everywhere else', async () => {
    const response = await fetch(`${gateway.url}/v1/users/me`);
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'missing_api_key', error: { code: 'missing_api_key' } });
  });
});
