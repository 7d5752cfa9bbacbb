import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { Sandbox } from './sandbox.js';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
});
afterEach(() => {
  sandbox.reset();
});
afterAll(async () => {
  await sandbox.close();
});

const STYLE_ID = '11111111-2222-3333-4444-555555555555';
const LONG = 'x'.repeat(1001);

async function send(path: string, init: RequestInit = {}): Promise<{ status: number; body: string; headers: Headers }> {
  const answer = await fetch(sandbox.url + path, { headers: { authorization: 'Bearer any' }, ...init });
  return { status: answer.status, body: await answer.text(), headers: answer.headers };
}

async function refusal(path: string, fields: unknown): Promise<unknown> {
  const { status, body } = await send(path, { method: 'POST', body: JSON.stringify(fields) });
  return { status, ...(JSON.parse(body) as object) };
}

const generate = (fields: object): Promise<unknown> =>
  refusal('/v1/images/generations', { prompt: 'a fox', ...fields });

async function picture(width: number, height: number): Promise<string> {
  const bytes = await sharp({ create: { width, height, channels: 3, background: '#a33' } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${bytes.toString('base64')}`;
}

describe('the door', () => {
  it.each([
    ['no header', {}],
    ['an empty token', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: 'Basic abc' }],
  ])('answers 401 in plain text to %s', async (_, headers) => {
    const answer = await send('/v1/users/me', { headers });
    expect(answer).toMatchObject({ status: 401, body: 'request unauthorized' });
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/);
  });

  it('knows its tokens where it was given some', async () => {
    sandbox.configure({ apiKeys: ['right'] });
    await expect(send('/v1/users/me')).resolves.toMatchObject({ status: 401 });
    await expect(send('/v1/users/me', { headers: { authorization: 'Bearer right' } })).resolves.toMatchObject({
      status: 200,
    });
  });

  it('answers 404 in plain text to an unknown path, after the token', async () => {
    await expect(send('/v1/images/nothing')).resolves.toMatchObject({ status: 404, body: '404 page not found' });
    await expect(send('/v1/images/nothing', { headers: {} })).resolves.toMatchObject({ status: 401 });
  });

  it('answers 405 to another method and names the right one', async () => {
    const answer = await send('/v1/images/generations');
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
  });

  it.each(['/status', '/ping'])('opens %s to everybody', async (path) => {
    await expect(send(path, { headers: {} })).resolves.toMatchObject({ status: 200 });
  });

  it.each(['/v1/users/me', '/v1/nothing', '/ping'])(
    'puts an id and the word simulated on every answer: %s',
    async (path) => {
      const { headers } = await send(path);
      expect(headers.get('x-recraft-requestid')).toMatch(/^[0-9a-f-]{36}$/);
      expect(headers.get('x-image-gateway-sandbox')).toBe('simulated');
    },
  );

  it.each([
    ['an empty body', ''],
    ['broken JSON', '{"prompt": "a fox",}'],
    ['a JSON array', '[]'],
  ])('refuses %s', async (_, body) => {
    const answer = await send('/v1/images/generations', { method: 'POST', body });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'invalid_request_parameter' });
  });

  it('refuses a form that breaks off', async () => {
    const headers = { authorization: 'Bearer any', 'content-type': 'multipart/form-data; boundary=b' };
    const answer = await send('/v1/images/generations', {
      method: 'POST',
      headers,
      body: '--b\r\nContent-Disposition: form',
    });
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('invalid multipart body');
  });
});

describe('the checks of a generation', () => {
  it.each([
    ['an unknown model', { model: 'dall-e-9' }, { code: 'invalid_model' }],
    ['a model of another vendor', { model: 'flux2_pro' }, { code: 'invalid_model' }],
    ['a vector model with _raster behind', { model: 'recraftv3_vector_raster' }, { code: 'invalid_model' }],
    ['no prompt', { prompt: null }, { message: 'prompt length should be in [1, 10000]' }],
    ['a long prompt for V3', { model: 'recraftv3', prompt: LONG }, { message: 'prompt length should be in [1, 1000]' }],
    ['no picture', { n: 0 }, { message: "Parameter 'n' must be between 1 and 6" }],
    ['seven pictures', { n: 7 }, { message: "Parameter 'n' must be between 1 and 6" }],
    ['n as text', { n: '2' }, { message: "Parameter 'n' must be an integer" }],
    [
      'a size of another family',
      { model: 'recraftv4_styles', size: '1820x1024', style_id: STYLE_ID },
      { message: "Recraft V4 Styles doesn't support 1820x1024 image size" },
    ],
    ['a size in words', { size: 'auto' }, { message: "Recraft V4.1 doesn't support auto image size" }],
    [
      'a legacy style on V4',
      { model: 'recraftv4_styles', style: 'digital_illustration' },
      { message: "Recraft V4 Styles doesn't support style 'digital_illustration'" },
    ],
    [
      'a curated style on V4',
      { model: 'recraftv4_1_vector', style: 'Vector art' },
      { message: 'Invalid style Vector art' },
    ],
    ['a style nobody knows', { model: 'recraftv3', style: 'Gold' }, { message: 'Invalid style Gold' }],
    ["V2's style on V3", { model: 'recraftv3', style: 'icon' }, { message: "Recraft V3 doesn't support style 'icon'" }],
    [
      'a raster style on a vector model',
      { model: 'recraftv3_vector', style: 'Noir' },
      { message: "Recraft V3 Vector doesn't support style 'Noir'" },
    ],
    [
      'a substyle of another style',
      { model: 'recraftv3', style: 'realistic_image', substyle: 'noir' },
      { message: "Recraft V3 doesn't support substyle 'noir'" },
    ],
    [
      'a Styles model without a style',
      { model: 'recraftv4_styles' },
      { message: 'style references are required for model recraftv4_styles' },
    ],
    [
      'a style on Flash',
      { model: 'recraftv4_1_flash', style_id: STYLE_ID },
      { message: "Recraft V4.1 Flash doesn't support style references" },
    ],
    ['a style id that is no UUID', { style_id: 'your-style-id' }, { message: 'Style not found or not accessible' }],
    [
      'a style nobody made',
      { style_id: '00000000-0000-0000-0000-000000000000' },
      { message: 'Style not found or not accessible' },
    ],
    [
      'style and style id',
      { model: 'recraftv3', style: 'Noir', style_id: STYLE_ID },
      { message: "'style' can't be used together with 'style_id'" },
    ],
    [
      'a negative prompt on V4',
      { negative_prompt: 'dogs' },
      { message: "Recraft V4.1 doesn't support negative prompt" },
    ],
    [
      'style id and references',
      { style_id: STYLE_ID, style_reference_urls: ['data:,'] },
      { message: "'style_id' can't be used together with style references" },
    ],
    [
      'eleven references',
      { style_reference_urls: Array<string>(11).fill('data:,') },
      { message: 'Number of images must be between 0 and 10' },
    ],
    ['a seed below zero', { random_seed: -1 }, { message: "Parameter 'random_seed' must be between 0 and 4294967295" }],
    [
      'an unknown answer format',
      { response_format: 'gif' },
      { message: "Parameter 'response_format' must be one of url, b64_json, multipart" },
    ],
    ['JPEG', { image_format: 'jpeg' }, { message: "Parameter 'image_format' must be one of webp, png" }],
    [
      'a colour of two numbers',
      { controls: { colors: [{ rgb: [1, 2] }] } },
      { message: "Parameter 'controls.colors[0].rgb' must be three integers from 0 to 255" },
    ],
    [
      'weights for some colours',
      { controls: { colors: [{ rgb: [1, 2, 3], weight: 0.5 }, { rgb: [1, 2, 3] }] } },
      { message: "Parameter 'controls.colors' must be weighted all or none" },
    ],
    [
      'weights above one',
      {
        controls: {
          colors: [
            { rgb: [1, 2, 3], weight: 0.8 },
            { rgb: [1, 2, 3], weight: 0.7 },
          ],
        },
      },
      { message: "Parameter 'controls.colors' must be of weights up to 1 together" },
    ],
    [
      'a background of another kind',
      { controls: { background_color: 'red' } },
      { message: "Parameter 'controls.background_color' must be an object" },
    ],
    [
      'an artistic level of six',
      { model: 'recraftv3', controls: { artistic_level: 6 } },
      { message: "Parameter 'controls.artistic_level' must be an integer from 0 to 5" },
    ],
    [
      'a word of Chinese letters',
      { model: 'recraftv3', text_layout: [{ text: '漢', bbox: [] }] },
      { message: "Parameter 'text_layout[0].text' must be of supported characters" },
    ],
    [
      'two words in one box',
      { model: 'recraftv3', text_layout: [{ text: 'TWO WORDS', bbox: [] }] },
      { message: "Parameter 'text_layout[0].text' must be of supported characters" },
    ],
    [
      'a match that its line does not have',
      { model: 'recraftv4_1', style_match: 'regular' },
      { message: "Recraft V4.1 doesn't support style match 'regular'" },
    ],
    [
      'a box of three corners',
      {
        model: 'recraftv3',
        text_layout: [
          {
            text: 'Fox',
            bbox: [
              [0, 0],
              [1, 0],
              [1, 1],
            ],
          },
        ],
      },
      { message: "Parameter 'text_layout[0].bbox' must be four points" },
    ],
  ])('refuse %s', async (_, fields, expected) => {
    await expect(generate(fields)).resolves.toMatchObject({
      status: 400,
      code: 'invalid_request_parameter',
      ...expected,
    });
    expect(sandbox.charges().total).toBe(0);
  });

  it.each([
    ['the type of a value before the model', { n: 'x', model: 'none' }, "Parameter 'n' must be an integer"],
    ['the model before the prompt', { model: 'none', prompt: '' }, "Invalid model 'none'"],
    ['the prompt before n', { prompt: '', n: 9 }, 'prompt length should be in [1, 10000]'],
    ['n before the size', { n: 9, size: '1x1' }, "Parameter 'n' must be between 1 and 6"],
    ['the size before the style', { size: '1x1', style: 'Gold' }, "Recraft V4.1 doesn't support 1x1 image size"],
    ['the style before the pictures', { style: 'Gold', style_reference_urls: ['data:,'] }, 'Invalid style Gold'],
  ])('come in order: %s', async (_, fields, message) => {
    await expect(generate(fields)).resolves.toMatchObject({ message });
  });

  it('take the route before the prompt', async () => {
    const expected = { status: 400, code: 'invalid_image_type' };
    await expect(refusal('/v1/images/generations/vector', { model: 'recraftv3', prompt: '' })).resolves.toEqual({
      ...expected,
      message: "Style 'any' is not a vector style",
    });
    await expect(refusal('/v1/images/generations/raster', { model: 'recraftv4_vector', prompt: '' })).resolves.toEqual({
      ...expected,
      message: "Style 'vector_illustration' is not a raster style",
    });
  });
});

describe('the checks of imageToImage', () => {
  const transform = (fields: object): Promise<unknown> =>
    refusal('/v1/images/imageToImage', { prompt: 'a fox', strength: 0.5, ...fields });

  it.each([
    ['V2', { model: 'recraftv2' }, "Recraft V2 doesn't support image to image"],
    ['Flash', { model: 'recraftv4_1_flash_v2' }, "Recraft V4.1 Flash V2 doesn't support image to image"],
    ['no strength', { strength: null }, "Parameter 'strength' must be between 0 and 1"],
    ['a strength above 1', { strength: 1.1 }, "Parameter 'strength' must be between 0 and 1"],
    ['no picture', {}, "Parameter 'image' is required"],
    ['text as a picture', { image_url: 'data:text/plain,hello' }, 'invalid image format: image: unknown format'],
    [
      'a script in an SVG',
      {
        image_url: `data:image/svg+xml,${encodeURIComponent('<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><script/></svg>')}`,
      },
      'unsafe SVG',
    ],
    [
      'a public URL',
      { image_url: 'https://example.com/fox.png' },
      "the sandbox cannot reach the public network, so not 'https://example.com/fox.png' either; send a data URL or a file",
    ],
    ['words as a URL', { image_url: 'fox' }, "invalid image URL 'fox'"],
  ])('refuse %s', async (_, fields, message) => {
    await expect(transform(fields)).resolves.toMatchObject({ status: 400, message });
  });

  it.each([
    [255, 400, 'min image dimension should be no less than 256'],
    [4097, 300, 'max image dimension should be no more than 4096'],
    [4096, 4000, 'image should have no more than 16 megapixels'],
  ])('refuse a picture of %i by %i', async (width, height, message) => {
    await expect(transform({ image_url: await picture(width, height) })).resolves.toMatchObject({
      status: 400,
      code: 'invalid_image_format',
      message,
    });
  });

  it('refuse a GIF and a picture of 20 MB', async () => {
    const gif = await sharp({ create: { width: 300, height: 300, channels: 3, background: '#a33' } })
      .gif()
      .toBuffer();
    await expect(transform({ image_url: `data:image/gif;base64,${gif.toString('base64')}` })).resolves.toMatchObject({
      code: 'invalid_image_format',
      message: 'invalid image format: image: unknown format',
    });
    const large = Buffer.alloc(20 * 1024 * 1024).toString('base64');
    await expect(transform({ image_url: `data:image/png;base64,${large}` })).resolves.toMatchObject({
      message: 'image file size should be less than 20 MB',
    });
  });

  // A hundred megabytes go over the wire, beside other tests.
  it('refuse a body that is larger than any request', async () => {
    const body = Buffer.alloc(100 * 1024 * 1024 + 1);
    await expect(send('/v1/images/imageToImage', { method: 'POST', body })).resolves.toMatchObject({ status: 413 });
  }, 30_000);
});
