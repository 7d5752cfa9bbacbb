import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';

/** A style that the sandbox has from the start and that fits every model. */
const STYLE = '11111111-2222-3333-4444-555555555555';

interface Row {
  readonly model: string;
  readonly line: 'v2' | 'v3' | 'v4';
  readonly vector: boolean;
  readonly promptMax: number;
  readonly customStyle: 'refused' | 'allowed' | 'required';
  readonly size: string;
  /** A size of another column. */
  readonly foreignSize: string;
}

const V4_NAMES = ['recraftv4', 'recraftv4_1', 'recraftv4_1_utility'];

function row(model: string): Row {
  const line = model.startsWith('recraftv2') ? 'v2' : model.startsWith('recraftv3') ? 'v3' : 'v4';
  const vector = model.endsWith('_vector');
  const isPro = model.includes('_pro');
  const own = line === 'v4' ? (isPro ? '2688x1536' : '1344x768') : '1820x1024';
  return {
    model,
    line,
    vector,
    promptMax: line === 'v4' ? 10_000 : 1_000,
    customStyle: model.includes('flash') ? 'refused' : model.includes('styles') ? 'required' : 'allowed',
    size: vector ? '16:9' : own,
    foreignSize: isPro || line !== 'v4' ? '1344x768' : '1820x1024',
  };
}

/** Every model of recraft-api.md §3, written down from there and not from the gateway's catalogue. */
const MODELS: readonly Row[] = [
  ...V4_NAMES.flatMap((name) => [name, `${name}_vector`, `${name}_pro`, `${name}_pro_vector`]),
  ...['recraftv4_styles', 'recraftv4_styles_vector', 'recraftv4_styles_pro', 'recraftv4_styles_pro_vector'],
  ...['recraftv4_1_flash', 'recraftv4_1_flash_v2', 'recraftv3', 'recraftv3_vector', 'recraftv2', 'recraftv2_vector'],
].map(row);

interface Case {
  readonly what: string;
  readonly path: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** The field a refusal names; undefined: it is allowed. */
  readonly refused: string | undefined;
}

let picture: string;
let mask: string;

/** What every generation of a model needs. */
function base({ model, customStyle }: Row): Record<string, unknown> {
  return { model, prompt: 'a fox', ...(customStyle === 'required' && { style_id: STYLE }) };
}

/** What every route refuses of every model. */
const anywhere: readonly (readonly [field: string, value: unknown])[] = [
  ['n', 7],
  ['n', 0],
  ['random_seed', 4_294_967_296],
  ['random_seed', -1],
  ['response_format', 'png'],
  ['image_format', 'jpeg'],
  ['creativity', 'none'],
  ['style_match', 'loose'],
  ['calculate_features', 'x'],
  ['block_nsfw', 'x'],
  ['expire', 3],
  ['controls', 'red'],
  ['text_layout', 'HI'],
];

function generations(own: Row): Case[] {
  const { line, vector, promptMax, customStyle, size, foreignSize } = own;
  const one = (what: string, fields: object, refused?: string): Case => ({
    what,
    path: 'generations',
    fields: { ...base(own), ...fields },
    refused,
  });
  const unless = (isAllowed: boolean, param: string): string | undefined => (isAllowed ? undefined : param);
  const styled = line !== 'v4';
  const named = line === 'v2' ? 'Watercolor' : 'Noir';
  return [
    one('as it is', {}),
    one('its longest prompt', { prompt: 'x'.repeat(promptMax) }),
    one('a longer prompt', { prompt: 'x'.repeat(promptMax + 1) }, 'prompt'),
    one('six pictures', { n: 6 }),
    one('seven pictures', { n: 7 }, 'n'),
    one('its own size', { size }),
    one('an aspect', { size: '4:5' }),
    ...(vector ? [] : [one('the size of another column', { size: foreignSize }, 'size')]),
    one('a size of nobody', { size: '1000x1001' }, 'size'),
    ...(customStyle === 'required' || vector ? [] : [one('a style name', { style: named }, unless(styled, 'style'))]),
    ...(styled ? [] : [one('a style of vectors', { style: 'vector_illustration' }, 'style')]),
    one('a style of its own', { style_id: STYLE }, unless(customStyle !== 'refused', 'style_id')),
    ...(customStyle === 'required' ? [one('no style', { style_id: null }, 'style_id')] : []),
    one('a negative prompt', { negative_prompt: 'rain' }, unless(styled, 'negative_prompt')),
    one('colours', { controls: { colors: [{ rgb: [1, 2, 3] }] } }),
    one('an artistic level', { controls: { artistic_level: 2 } }, unless(line === 'v3', 'controls.artistic_level')),
    one('no text', { controls: { no_text: true } }, unless(line === 'v3', 'controls.no_text')),
    one('a text layout', { text_layout: [{ text: 'HI', bbox: [[0, 0], [1, 0], [1, 1], [0, 1]] }] }, unless(line === 'v3', 'text_layout')),
    ...anywhere.map(([field, value]) => one(`${field} ${String(value)}`, { [field]: value }, field)),
    one('an upscale of no kind', { upscale: 'upscale9mp' }, 'upscale'),
    one('an upscale', { upscale: 'upscale4mp' }),
    one('what the published document alone has', { calculate_features: true, block_nsfw: false, expire: false }),
    one('a seed', { random_seed: 4_294_967_295 }),
    { ...one('the raster route', {}, unless(!vector, 'model')), path: 'generations/raster' },
    { ...one('the vector route', {}, unless(vector, 'model')), path: 'generations/vector' },
  ]; // prettier-ignore
}

function operations(own: Row): Case[] {
  const { model, line, customStyle } = own;
  const image = { image_url: picture };
  const draws = customStyle === 'allowed';
  const edits = draws && line !== 'v2';
  const explores = draws && line === 'v4' && !model.includes('utility');
  const one = (path: string, fields: object, isAllowed: boolean): Case => ({
    what: 'the operation',
    path,
    fields: { model, ...fields },
    refused: isAllowed ? undefined : 'model',
  });
  const prompt = 'a cake';
  return [
    one('imageToImage', { ...image, prompt, strength: 0.4 }, edits),
    one('inpaint', { ...image, mask_url: mask, prompt }, line === 'v3'),
    one('generateBackground', { ...image, mask_url: mask, prompt }, line === 'v3'),
    one('replaceBackground', { ...image, prompt }, line === 'v3'),
    one('outpaint', { ...image, prompt, expand_top: 20 }, line === 'v3'),
    one('variateImage', { ...image, size: '1:1' }, edits),
    one('explore', { prompt }, explores),
  ];
}

/** The fields of recraft-api.md §5.2 to §5.5 on a route that changes a picture, each with what the model makes of it. */
function edits(own: Row, path: string): Case[] {
  const { model, line, vector, promptMax, customStyle } = own;
  const takesPart = path === 'imageToImage' ? customStyle === 'allowed' && line !== 'v2' : line === 'v3';
  const wish: Record<string, unknown> = { model, prompt: 'a cake', image_url: picture };
  if (path === 'imageToImage') wish['strength'] = 0.4;
  if (path === 'outpaint') wish['expand_top'] = 20;
  if (path === 'inpaint' || path === 'generateBackground') wish['mask_url'] = mask;
  const one = (what: string, fields: object, refused?: string): Case => ({
    what,
    path,
    fields: { ...wish, ...fields },
    refused: takesPart ? refused : 'model',
  });
  const byModel = (what: string, param: string, fields: object): Case => one(what, fields, line === 'v3' ? undefined : param);
  const never = (field: string, value: unknown): Case => ({ ...one(field, { [field]: value }), refused: field });
  return [
    one('what every model takes', {
      ...{ prompt: 'x'.repeat(promptMax), random_seed: 4_294_967_295, response_format: 'b64_json', image_format: 'png' },
      ...{ creativity: 'simple', calculate_features: true, block_nsfw: false, expire: false },
      controls: { colors: [{ rgb: [1, 2, 3] }] },
    }),
    one('a longer prompt', { prompt: 'x'.repeat(promptMax + 1) }, 'prompt'),
    byModel('a style name', 'style', { style: vector ? 'Line art' : 'Noir' }),
    byModel('a style of vectors', 'style', { style: 'vector_illustration' }),
    byModel('a substyle', 'substyle', { substyle: vector ? 'bold_stroke' : 'noir' }),
    one('a substyle of V2', { substyle: 'kawaii' }, 'substyle'),
    one('a style of its own', { style_id: STYLE, style_match: line === 'v3' ? 'regular' : 'precise' }),
    one('a style followed like another line', { style_match: line === 'v3' ? 'precise' : 'regular' }, 'style_match'),
    one('two styles', { style: vector ? 'Line art' : 'Noir', style_id: STYLE }, line === 'v3' ? 'style_id' : 'style'),
    byModel('a negative prompt', 'negative_prompt', { negative_prompt: 'rain' }),
    byModel('a text layout', 'text_layout', { text_layout: [{ text: 'HI', bbox: [[0, 0], [1, 0], [1, 1], [0, 1]] }] }),
    byModel('an artistic level', 'controls.artistic_level', { controls: { artistic_level: 2 } }),
    byModel('no text', 'controls.no_text', { controls: { no_text: true } }),
    ...anywhere.map(([field, value]) => never(field, value)),
    ...(path === 'imageToImage' ? [never('strength', 1.1), never('strength', -0.1), never('strength', null)] : []),
    ...(path === 'outpaint' ? [never('expand_left', 4_097), never('zoom_out_percentage', 101), never('size', 'large')] : []),
  ];
} // prettier-ignore

/** What `POST /styles` takes of each model (recraft-api.md §6.1), and of what else it is sure to be refused. */
function newStyles({ model, line, vector, customStyle }: Row): Case[] {
  const pictures = { image_urls: [picture] };
  const able = customStyle !== 'refused';
  const one = (what: string, fields: object, param?: string): Case => ({
    what,
    path: '/v1/styles',
    fields: { model, ...pictures, ...fields },
    refused: able ? param : 'model',
  });
  const unless = (isAllowed: boolean, param: string): string | undefined => (isAllowed ? undefined : param);
  const isV4 = line === 'v4';
  const ids = [STYLE];
  return [
    one('as it is', {}),
    one('the prefix', { model: `recraft/${model}` }),
    one('nothing to make it from', { image_urls: null }, 'files'),
    one('followed precisely', { match: 'precise' }, unless(isV4, 'match')),
    one('followed flexibly', { match: 'flexible' }, unless(isV4, 'match')),
    one('followed as ever', { match: 'regular' }, unless(!isV4, 'match')),
    one('the base of V4', { style: 'any' }, unless(!vector, 'style')),
    one('the base of vectors', { style: 'vector_illustration' }, unless(vector || !isV4, 'style')),
    one('the base of photos', { style: 'realistic_image' }, unless(!isV4 && !vector, 'style')),
    one('the base of icons', { style: 'icon' }, unless(line === 'v2', 'style')),
    one('the base of logos', { style: 'logo_raster' }, unless(line === 'v3' && !vector, 'style')),
    one('a curated name', { style: 'Noir' }, 'style'),
    one('a weight for its picture', { image_weights: [1] }),
    one('a weight too many', { image_weights: [0.5, 0.5] }, 'image_weights'),
    one('other styles', { source_styles: ids, source_style_weights: [1], mix_policy: 'MaxWeight' }, unless(!isV4, 'source_styles')),
    one('other styles alone', { image_urls: null, source_styles: ids }, unless(!isV4, 'source_styles')),
    one('a policy to mix by', { mix_policy: 'PaletteMatch' }, unless(!isV4, 'mix_policy')),
    one('a weight of no other style', { source_style_weights: [1] }, 'source_style_weights'),
// What no model takes is told before the model is looked at.
    { ...one('words that are too long', { prompt: 'x'.repeat(isV4 ? 10_001 : 1_001) }), refused: 'prompt' },
  ];
} // prettier-ignore

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 100_000_000 });
  gateway = await startGateway(sandbox);
  const asUrl = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;
  picture = asUrl(await aPicture());
  mask = asUrl(await aPicture({ color: '#fff' }));
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.reset();
});

async function expectOutcome({ path, fields, refused }: Case): Promise<void> {
  const response = await gateway.post(path.startsWith('/') ? path : `/v1/images/${path}`, fields);
  const { error } = (await response.json()) as { error?: { param: string | null; message: string } };
  const found = { status: response.status, param: error?.param, asked: sandbox.requests().length };
  const expected =
    refused === undefined ? { status: 200, param: undefined, asked: 1 } : { status: 400, param: refused, asked: 0 };
  expect({ ...found, message: error?.message }).toEqual({ ...expected, message: error?.message });
}

/** What came of a case, and what should have: a status, and the field a refusal names. */
async function outcomeOf({
  what,
  path,
  fields,
  refused,
}: Case): Promise<{ what: string; got: string; wanted: string }> {
  const response = await gateway.post(`/v1/images/${path}`, fields);
  const { error } = (await response.json()) as { error?: { param: string | null } };
  const got = error ? `${response.status} ${error.param ?? 'null'}` : String(response.status);
  return { what, got, wanted: refused === undefined ? '200' : `400 ${refused}` };
}

describe.each(MODELS)('$model', (own) => {
  it.each(generations(own))('$path with $what', async (one) => {
    await expectOutcome(one);
  });

  // The pictures are made before the tests and after the table.
  it.each(operations(own).map(({ path }, index) => ({ path, index })))('$path', async ({ index }) => {
    const found = operations(own)[index];
    if (!found) throw new Error('The table of operations has changed its length.');
    await expectOutcome(found);
  });

  it.each(['imageToImage', 'inpaint', 'outpaint', 'replaceBackground', 'generateBackground'])(
    '%s with every field there is',
    async (path) => {
      const found = await Promise.all(edits(own, path).map(outcomeOf));
      expect(found.filter(({ got, wanted }) => got !== wanted)).toEqual([]);
      const allowed = edits(own, path).filter(({ refused }) => refused === undefined);
      expect(sandbox.requests()).toHaveLength(allowed.length);
    },
  );

  it.each(newStyles(own).map(({ what }, index) => ({ what, index })))('a new style with $what', async ({ index }) => {
    const found = newStyles(own)[index];
    if (!found) throw new Error('The table of new styles has changed its length.');
    await expectOutcome(found);
    // The sandbox is no kinder than what the gateway lets through to it, and no stricter.
    const asked = { ...found.fields, model: own.model };
    const headers = { authorization: 'Bearer any', 'content-type': 'application/json' };
    const body = JSON.stringify(asked);
    const answer = await fetch(`${sandbox.url}${found.path}`, { method: 'POST', headers, body });
    expect(answer.status).toBe(found.refused === undefined ? 200 : 400);
  });
});

describe('A new style without a model', () => {
  it('is bound to the one that Recraft binds it to', async () => {
    const response = await gateway.post('/v1/styles', { image_urls: [picture], match: 'precise' });
    expect(await response.json()).toMatchObject({ model: 'recraftv4_styles', match: 'precise' });
    expect(sandbox.requests().at(-1)?.fields).toMatchObject({ model: 'recraftv4_styles' });
  });

  it.each(['recraftv99', 'openai/gpt-9'])('is none of a model that nobody knows: %s', async (model) => {
    const response = await gateway.post('/v1/styles', { image_urls: [picture], model });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ code: 'model_not_found', error: { param: 'model' } });
    expect(sandbox.requests()).toEqual([]);
  });

  it('takes weights of colours that are at most 1 together', async () => {
    const palette = { colors: [{ rgb: [1, 2, 3], weight: 0.7 }, { rgb: [4, 5, 6], weight: 0.7 }] }; // prettier-ignore
    const response = await gateway.post('/v1/styles', { image_urls: [picture], palette });
    expect(await response.json()).toMatchObject({ error: { param: 'palette.colors' } });
    expect(sandbox.requests()).toEqual([]);
  });

  it.each([{ image_weights: [] }, { source_styles: [], source_style_weights: [] }])(
    'takes an empty list for none: %j',
    async (fields) => {
      expect((await gateway.post('/v1/styles', { image_urls: [picture], ...fields })).status).toBe(200);
    },
  );
});

describe('A picture that an operation does not take', () => {
  const svg = `data:image/svg+xml;base64,${Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"/>').toString('base64')}`;
  const small = async (side: number, color?: string): Promise<string> =>
    `data:image/png;base64,${(await aPicture({ width: side, height: side, ...(color && { color }) })).toString('base64')}`;
  const takingSvg = ['removeBackground', 'eraseRegion', 'imageToImage', 'inpaint', 'outpaint', 'replaceBackground', 'generateBackground', 'variateImage']; // prettier-ignore
  const all = [...takingSvg, 'vectorize', 'crispUpscale', 'creativeUpscale', 'enhance'];
  const fields = { prompt: 'x', strength: 0.5, expand_left: 8 };
  const only = (path: string): object =>
    path === 'variateImage'
      ? { size: '1:1' }
      : takingSvg.includes(path) && path !== 'removeBackground' && path !== 'eraseRegion'
        ? fields
        : {};

  it.each(all)('%s: a drawing', async (path) => {
    const isTaken = takingSvg.includes(path);
    const masked = ['inpaint', 'generateBackground', 'eraseRegion'].includes(path);
    const large = `data:image/png;base64,${(await aPicture({ width: 300, height: 300, color: '#fff' })).toString('base64')}`;
    await expectOutcome({
      what: 'a drawing',
      path,
      fields: { ...only(path), image_url: svg, ...(masked && { mask_url: large }) },
      refused: isTaken ? undefined : 'image_url',
    });
  });

  it.each(all)('%s: one of 255 pixels', async (path) => {
    const mask_url = await small(255, '#fff');
    const masked = ['inpaint', 'generateBackground', 'eraseRegion'].includes(path);
    await expectOutcome({
      what: 'small',
      path,
      fields: { ...only(path), image_url: await small(255), ...(masked && { mask_url }) },
      refused: path === 'crispUpscale' ? undefined : 'image_url',
    });
  });

  it.each(['inpaint', 'generateBackground', 'eraseRegion'])('%s: a mask of another size', async (path) => {
    await expectOutcome({
      what: 'a mask',
      path,
      fields: { ...only(path), image_url: picture, mask_url: await small(300) },
      refused: 'mask_url',
    });
  });
});

describe('A picture that is to grow', () => {
  it.each([
    [{}, 'size'],
    [{ expand_left: 0 }, 'size'],
    [{ size: '16:9', expand_left: 10 }, 'size'],
    [{ expand_left: 4097 }, 'expand_left'],
    [{ expand_left: 4000 }, 'expand_left'],
    [{ expand_top: -1 }, 'expand_top'],
    [{ size: '5000x100' }, 'size'],
    [{ zoom_out_percentage: 100 }, 'zoom_out_percentage'],
    [{ zoom_out_percentage: 40, expand_bottom: 20 }, undefined],
    [{ size: '1:2' }, undefined],
    [{ size: '255x300' }, 'size'],
    [{ size: '256x255', zoom_out_percentage: 0 }, 'size'],
    [{ size: '200x200', zoom_out_percentage: 50 }, undefined],
    [{ size: '256x256' }, undefined],
  ])('by %j', async (frame, refused) => {
    await expectOutcome({
      what: 'a frame',
      path: 'outpaint',
      fields: { prompt: 'x', image_url: picture, ...frame },
      refused,
    });
  });
});
