import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';

// Up to six pictures are drawn in one of these tests.
jest.setTimeout(30_000);

let sandbox: Sandbox;
let gateway: RunningGateway;
let image_url: string;
let mask_url: string;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 100_000_000 });
  gateway = await startGateway(sandbox);
  const asUrl = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;
  image_url = asUrl(await aPicture());
  mask_url = asUrl(await aPicture({ color: '#fff' }));
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.reset();
});

type Value = readonly [fields: Readonly<Record<string, unknown>>, refused?: string];

const colour = (weight?: number) => ({ rgb: [1, 2, 3], ...(weight !== undefined && { weight }) });
const word = (text: string, corners = 4) => ({
  text_layout: [{ text, bbox: Array.from({ length: corners }, (_, at) => [at / 4, 0.5]) }],
});

/** On every route with pictures (recraft-api.md §4.2, §4.3). */
const COMMON: readonly Value[] = [
  [{ response_format: 'multipart' }],
  [{ response_format: 'file' }, 'response_format'],
  [{ image_format: 'png' }],
  [{ image_format: 'jpg' }, 'image_format'],
];
/** Wherever several pictures can be asked for (§4.6). */
const SEVERAL: readonly Value[] = [
  [{ n: 6, random_seed: 4_294_967_295 }],
  [{ n: 0 }, 'n'],
  [{ n: 7 }, 'n'],
  [{ n: 1.5 }, 'n'],
  [{ n: '2' }, 'n'],
  [{ random_seed: -1 }, 'random_seed'],
  [{ random_seed: 4_294_967_296 }, 'random_seed'],
];
/** Wherever words are taken, by Recraft V3 (§3.2, §4.6 to §4.8). */
const WORDS: readonly Value[] = [
  [{ prompt: 'x'.repeat(1_000) }],
  [{ prompt: 'x'.repeat(1_001) }, 'prompt'],
  [{ prompt: '' }, 'prompt'],
  [{ prompt: 7 }, 'prompt'],
  [{ negative_prompt: 'rain' }],
  [{ negative_prompt: 7 }, 'negative_prompt'],
  [{ style: 'Noir' }],
  [{ style: 'Noir', style_id: '11111111-2222-3333-4444-555555555555' }, 'style_id'],
  [{ controls: { colors: [colour(0.5), colour(0.5)], background_color: colour(), artistic_level: 5, no_text: true } }],
  [{ controls: { colors: Array.from({ length: 11 }, () => colour()) } }, 'controls.colors'],
  [{ controls: { colors: [colour(0.5), colour()] } }, 'controls.colors'],
  [{ controls: { colors: [colour(0.7), colour(0.7)] } }, 'controls.colors'],
  [{ controls: { colors: [{ rgb: [1, 2, 256] }] } }, 'controls.colors[0].rgb'],
  [{ controls: { colors: [{ rgb: [1, 2] }] } }, 'controls.colors[0].rgb'],
  [{ controls: { artistic_level: 6 } }, 'controls.artistic_level'],
  [{ controls: { no_text: 'yes' } }, 'controls.no_text'],
  [{ controls: [] }, 'controls'],
  [word('HI')],
  [word('HI', 3), 'text_layout[0].bbox'],
  [{ text_layout: {} }, 'text_layout'],
  [{ text_layout: [{}] }, 'text_layout[0].text'],
  [{ controls: { colors: {} } }, 'controls.colors'],
  [{ model: '', style: '', text_layout: null, controls: null }],
  [{ text_layout: 7 }, 'text_layout'],
];
const STRENGTH: readonly Value[] = [[{ strength: 0 }], [{ strength: 1 }], [{ strength: 1.01 }, 'strength'], [{ strength: -0.1 }, 'strength'], [{ strength: 'x' }, 'strength']]; // prettier-ignore

interface Route {
  readonly base: Readonly<Record<string, unknown>>;
  readonly needs: readonly ('image' | 'mask')[];
  readonly values: readonly Value[];
}

const V3 = { prompt: 'a cake', model: 'recraftv3' };

const ROUTES: Readonly<Record<string, Route>> = {
  generations: { base: V3, needs: [], values: [...COMMON, ...SEVERAL, ...WORDS] },
  'generations/raster': { base: V3, needs: [], values: [...COMMON, ...SEVERAL, ...WORDS] },
  imageToImage: { base: { ...V3, strength: 0.4 }, needs: ['image'], values: [...COMMON, ...SEVERAL, ...WORDS, ...STRENGTH] },
  inpaint: { base: V3, needs: ['image', 'mask'], values: [...COMMON, ...SEVERAL, ...WORDS] },
  generateBackground: { base: V3, needs: ['image', 'mask'], values: [...COMMON, ...SEVERAL, ...WORDS] },
  replaceBackground: { base: V3, needs: ['image'], values: [...COMMON, ...SEVERAL, ...WORDS] },
  outpaint: { base: { ...V3, expand_left: 8 }, needs: ['image'], values: [...COMMON, ...WORDS] },
  variateImage: { base: { size: '1:1' }, needs: ['image'], values: [...COMMON, ...SEVERAL, [{ size: '1000x1001' }, 'size']] },
  explore: { base: { prompt: 'a cake' }, needs: [], values: [...COMMON, [{ prompt: 'x'.repeat(10_001) }, 'prompt'], [{ size: '1000x1001' }, 'size'], [{ controls: { artistic_level: 2 } }, 'controls.artistic_level']] },
  vectorize: { base: {}, needs: ['image'], values: [...COMMON, [{ shape_stacking: 'cut_out', max_num_shapes: 5, color_reduction: 'on', strict_color_palette: [[1, 2, 3]] }], [{ shape_stacking: 'x' }, 'shape_stacking'], [{ max_num_shapes: -1 }, 'max_num_shapes'], [{ svg_compression: 'maybe' }, 'svg_compression']] },
  removeBackground: { base: {}, needs: ['image'], values: COMMON },
  crispUpscale: { base: {}, needs: ['image'], values: COMMON },
  creativeUpscale: { base: {}, needs: ['image'], values: COMMON },
  enhance: { base: {}, needs: ['image'], values: [...COMMON, [{ refinement: 'moderate' }], [{ refinement: 'x' }, 'refinement']] },
  eraseRegion: { base: {}, needs: ['image', 'mask'], values: COMMON },
}; // prettier-ignore

describe.each(Object.entries(ROUTES))('%s', (path, { base, needs, values }) => {
  const rows = values.map(([fields, refused]) => ({ name: JSON.stringify(fields).slice(0, 100), fields, refused }));

  it.each(rows)('with $name', async ({ fields, refused }) => {
    const pictures = { ...(needs.includes('image') && { image_url }), ...(needs.includes('mask') && { mask_url }) };
    const response = await gateway.post(`/v1/images/${path}`, { ...base, ...pictures, ...fields });
    const isForm = response.headers.get('content-type')?.startsWith('multipart/form-data');
    const { error } = (isForm ? {} : await response.json()) as { error?: { param: string | null; message: string } };
    const asked = sandbox.requests().length;
    const expected = refused === undefined ? { status: 200, asked: 1 } : { status: 400, param: refused, asked: 0 };
    expect({ status: response.status, param: error?.param, asked, message: error?.message }).toEqual({
      ...{ param: undefined, ...expected },
      message: error?.message,
    });
  });
});

describe('A form', () => {
  const fields = (own: Readonly<Record<string, string>>) => {
    const form = new FormData();
    for (const [name, value] of Object.entries({ prompt: 'a cake', strength: '0.4', image_url, ...own }))
      form.set(name, value);
    return form;
  };

  it.each(['imageToImage', 'edits'])('to %s says null for "not given", as JSON does', async (path) => {
    const nulls = {
      n: 'null',
      random_seed: ' null',
      controls: 'null',
      text_layout: 'null',

      model: '',
    };
    const nested = { 'extra_body[controls][no_text]': 'null', 'extra_body[controls][artistic_level]': 'null' };
    const body = fields({ ...nulls, ...nested });
    const response = await gateway.call(`/v1/images/${path}`, { method: 'POST', body });
    expect({ status: response.status, text: await response.text() }).toMatchObject({ status: 200 });
    expect(sandbox.requests().at(-1)?.fields).not.toMatchObject({ random_seed: expect.anything() });
  });

  it.each([
    [{ n: 'None' }, 'n'],
    [{ n: 'nul' }, 'n'],
    [{ strength: 'null' }, 'strength'],
    [{ text_layout: '{}' }, 'text_layout'],
    [{ response_format: 'none' }, 'response_format'],
  ])('is refused with %j', async (own, param) => {
    const response = await gateway.call('/v1/images/imageToImage', {
      method: 'POST',
      body: fields({ model: 'recraftv3', ...own }),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
    expect(sandbox.requests()).toEqual([]);
  });
});
