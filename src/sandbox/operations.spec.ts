import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp, { type OutputInfo } from 'sharp';
import { Sandbox } from './sandbox.js';

const WIDTH = 400;
const HEIGHT = 300;
/** The subject of the source: what stands on its plain ground. */
const SUBJECT = { left: 140, top: 90, width: 120, height: 120 };

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

interface Pixels {
  readonly data: Buffer;
  readonly info: OutputInfo;
}

let sandbox: Sandbox;
let source: Buffer;
let mask: Buffer;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 1_000_000 });
  const { left, top, width, height } = SUBJECT;
  const subject = await sharp({ create: { width, height, channels: 3, background: '#c02010' } })
    .png()
    .toBuffer();
  source = await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#2040a0' } })
    .composite([{ input: subject, left, top }])
    .png()
    .toBuffer();
  const hole = await sharp({ create: { width, height, channels: 3, background: '#fff' } })
    .png()
    .toBuffer();
  mask = await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#000' } })
    .composite([{ input: hole, left, top }])
    .toColourspace('b-w')
    .png()
    .toBuffer();
});

afterAll(() => sandbox.close());

function form(files: Readonly<Record<string, Buffer>>, fields: Readonly<Record<string, string>> = {}): FormData {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  for (const [name, bytes] of Object.entries(files)) body.set(name, new Blob([new Uint8Array(bytes)]), `${name}.png`);
  return body;
}

async function call(path: string, body: FormData | object, method = 'POST'): Promise<Response> {
  const isForm = body instanceof FormData;
  return fetch(`${sandbox.url}/v1/${path}`, {
    method,
    headers: { authorization: 'Bearer any', ...(!isForm && { 'content-type': 'application/json' }) },
    ...(method === 'POST' && { body: isForm ? body : JSON.stringify(body) }),
  });
}

async function answered(path: string, body: FormData | object): Promise<Answer> {
  const response = await call(path, body);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text) as Answer;
}

async function worked(path: string, files: Readonly<Record<string, Buffer>>, fields = {}): Promise<Buffer> {
  const { data, image } = await answered(`images/${path}`, form(files, { response_format: 'b64_json', ...fields }));
  return Buffer.from((image ?? data?.[0])?.b64_json ?? '', 'base64');
}

async function pixelsOf(bytes: Buffer): Promise<Pixels> {
  return await sharp(bytes).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
}

function isInSubject(x: number, y: number): boolean {
  const { left, top, width, height } = SUBJECT;
  return x >= left && x < left + width && y >= top && y < top + height;
}

/** How many pixels differ from the source inside the subject, and how many outside. */
async function changes(bytes: Buffer): Promise<{ inside: number; outside: number }> {
  const [before, after] = await Promise.all([pixelsOf(source), pixelsOf(bytes)]);
  expect(after.info).toMatchObject({ width: WIDTH, height: HEIGHT });
  const count = { inside: 0, outside: 0 };
  for (let at = 0; at < WIDTH * HEIGHT; at += 1) {
    const same = [0, 1, 2].every(
      (c) => before.data[at * before.info.channels + c] === after.data[at * after.info.channels + c],
    );
    if (!same) count[isInSubject(at % WIDTH, Math.floor(at / WIDTH)) ? 'inside' : 'outside'] += 1;
  }
  return count;
}

async function transparentPixels(bytes: Buffer): Promise<number> {
  const alpha = await sharp(bytes).ensureAlpha().extractChannel('alpha').raw().toBuffer();
  return alpha.reduce((count, value) => count + Number(value < 255), 0);
}

/** The source's part of a larger picture. */
async function cut(bytes: Buffer, left: number, top: number): Promise<Buffer> {
  return sharp(bytes).removeAlpha().extract({ left, top, width: WIDTH, height: HEIGHT }).png().toBuffer();
}

/** The source as an SVG. */
async function drawn(): Promise<Buffer> {
  return worked('vectorize', { file: source });
}

const SUBJECT_PIXELS = SUBJECT.width * SUBJECT.height;
const GROUND_PIXELS = WIDTH * HEIGHT - SUBJECT_PIXELS;

describe('a picture that is cut short', () => {
  it.each(['png', 'jpeg'] as const)('is no picture to any operation: %s', async (format) => {
    const whole = await sharp(source).toFormat(format).toBuffer();
    const cut = whole.subarray(0, whole.length >> 1);
    const fields = { prompt: 'x', strength: '0.5', size: '1:1', zoom_out_percentage: '10' };
    for (const path of [
      'imageToImage',
      'inpaint',
      'outpaint',
      'variateImage',
      'vectorize',
      'crispUpscale',
      'eraseRegion',
    ]) {
      await expect(worked(path, { image: cut, mask }, fields)).rejects.toThrow('invalid image format');
    }
    await expect(worked('inpaint', { image: source, mask: cut }, fields)).rejects.toThrow('invalid_image_format');
  });
});

describe('work behind a mask', () => {
  it.each([
    ['inpaint', { prompt: 'a cake' }],
    ['generateBackground', { prompt: 'a cake' }],
    ['eraseRegion', {}],
  ])('%s changes the white pixels and no others', async (path, fields) => {
    const { inside, outside } = await changes(await worked(path, { image: source, mask }, fields));
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan(SUBJECT_PIXELS * 0.9);
  });

  it.each([
    ['of another size', () => sharp(mask).resize(200, 150).threshold().png().toBuffer(), 'mask size should be equal'],
    ['with transparent parts', () => sharp(mask).removeAlpha().ensureAlpha(0.5).png().toBuffer(), 'values 0 and 255'],
    ['with grey in it', () => sharp(mask).blur(4).png().toBuffer(), 'values 0 and 255'],
  ])('takes no mask %s', async (_what, make, text) => {
    await expect(worked('inpaint', { image: source, mask: await make() }, { prompt: 'x' })).rejects.toThrow(text);
  });

  it.each([
    ['inpaint', { prompt: 'a cake' }],
    ['generateBackground', { prompt: 'a cake' }],
  ])('%s of a vector model does so too, and leaves no hole', async (path, fields) => {
    const svg = await worked(path, { image: source, mask }, { ...fields, model: 'recraftv3_vector' });
    expect(await transparentPixels(svg)).toBe(0);
    const { inside, outside } = await changes(svg);
    expect(outside).toBe(0);
    expect(inside).toBeGreaterThan(SUBJECT_PIXELS * 0.9);
  });

  it('eraseRegion of a drawing changes the white pixels and no others', async () => {
    const svg = await worked('eraseRegion', { image: await drawn(), mask });
    expect([(await sharp(svg).metadata()).format, await transparentPixels(svg)]).toEqual(['svg', 0]);
    expect(await changes(svg)).toEqual({ inside: SUBJECT_PIXELS, outside: 0 });
  });

  it('is done by Recraft V3 alone', async () => {
    await expect(worked('inpaint', { image: source, mask }, { prompt: 'x', model: 'recraftv4_1' })).rejects.toThrow(
      "Recraft V4.1 doesn't support inpaint",
    );
  });
});

describe('work on the background', () => {
  it('replaceBackground keeps the subject', async () => {
    const { inside, outside } = await changes(
      await worked('replaceBackground', { image: source }, { prompt: 'a beach' }),
    );
    expect(inside).toBe(0);
    expect(outside).toBeGreaterThan(GROUND_PIXELS * 0.9);
  });

  it('replaceBackground of a vector model keeps the subject, and leaves no hole', async () => {
    const fields = { prompt: 'a beach', model: 'recraftv3_vector' };
    const svg = await worked('replaceBackground', { image: source }, fields);
    expect(await transparentPixels(svg)).toBe(0);
    const { inside, outside } = await changes(svg);
    expect(inside).toBe(0);
    expect(outside).toBeGreaterThan(GROUND_PIXELS * 0.9);
  });

  it('removeBackground makes it transparent, and nothing else', async () => {
    const { data, info } = await pixelsOf(await worked('removeBackground', { file: source }));
    expect(info).toMatchObject({ width: WIDTH, height: HEIGHT, channels: 4 });
    const alphas = Array.from({ length: WIDTH * HEIGHT }, (_, at) => [
      data[at * 4 + 3],
      isInSubject(at % WIDTH, Math.floor(at / WIDTH)) ? 255 : 0,
    ]);
    expect(alphas.filter(([found, wanted]) => found !== wanted)).toEqual([]);
  });

  it('removeBackground of a drawing answers a drawing', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><rect width="300" height="300" fill="#fff"/><circle cx="150" cy="150" r="60" fill="#d00"/></svg>';
    const result = (await worked('removeBackground', { file: Buffer.from(svg) })).toString();
    expect(result).toMatch(/^<svg .*<path fill="#dd0000"/s);
    expect(result).not.toContain('#ffffff');
  });
});

describe('work on the size', () => {
  it.each([
    ['crispUpscale', '800x600'],
    ['clarityUpscale', '800x600'],
    ['creativeUpscale', '1600x1200'],
    ['enhance', '2432x1792'],
    ['refineDetails', '2432x1792'],
  ])('%s makes 400x300 into %s', async (path, size) => {
    const { format, width, height } = await sharp(await worked(path, { file: source })).metadata();
    expect(`${format} ${width}x${height}`).toBe(`webp ${size}`);
  });

  it('crispUpscale takes pictures of 32 pixels, the others none below 256', async () => {
    const small = await sharp(source).resize(40, 32, { fit: 'fill' }).png().toBuffer();
    expect(await sharp(await worked('crispUpscale', { file: small })).metadata()).toMatchObject({
      width: 80,
      height: 64,
    });
    await expect(worked('creativeUpscale', { file: small })).rejects.toThrow('no less than 256');
  });

  it('outpaint keeps the source where it was put', async () => {
    const fields = { prompt: 'a meadow', expand_left: '100', expand_top: '50' };
    const { data, info } = await pixelsOf(await worked('outpaint', { image: source }, fields));
    expect(info).toMatchObject({ width: 500, height: 350 });
    const inner = await sharp(data, { raw: { width: 500, height: 350, channels: 3 } })
      .extract({ left: 100, top: 50, width: WIDTH, height: HEIGHT })
      .png()
      .toBuffer();
    expect(await changes(inner)).toEqual({ inside: 0, outside: 0 });
  });

  it('outpaint by a vector model keeps the source where it was put, and leaves no hole', async () => {
    const fields = { prompt: 'a meadow', expand_left: '100', expand_top: '50', model: 'recraftv3_vector' };
    const svg = await worked('outpaint', { image: source }, fields);
    expect(await transparentPixels(svg)).toBe(0);
    expect(await changes(await cut(svg, 100, 50))).toEqual({ inside: 0, outside: 0 });
  });

  it.each<[object, string, number, number]>([
    [{ zoom_out_percentage: '50' }, '800x600', 200, 150],
    [{ zoom_out_percentage: '50', expand_left: '100' }, '1000x600', 350, 150],
    [{ zoom_out_percentage: '20', size: '1:1' }, '500x500', 50, 100],
  ])('outpaint with %j makes %s around the source, which stays as it is', async (fields, size, left, top) => {
    const picture = await worked('outpaint', { image: source }, { prompt: 'x', image_format: 'png', ...fields });
    const { width, height } = await sharp(picture).metadata();
    expect(`${width}x${height}`).toBe(size);
    expect(await changes(await cut(picture, left, top))).toEqual({ inside: 0, outside: 0 });
  });

  it.each([
    [{ size: '16:9' }, '533x300'],
    [{ size: '1024x1024' }, '1024x1024'],
    [{ zoom_out_percentage: '50', size: '256x256' }, '256x256'],
  ])('outpaint to %j makes %s', async (fields, size) => {
    const { width, height } = await sharp(
      await worked('outpaint', { image: source }, { prompt: 'x', ...fields }),
    ).metadata();
    expect(`${width}x${height}`).toBe(size);
  });

  it.each([
    [{}, 'at least one of size'],
    [{ size: '1:1', expand_left: '4' }, "'size' can't be used together"],
    [{ expand_left: '4000' }, 'no more than 4096'],
    [{ zoom_out_percentage: '95' }, 'no more than 4096'],
    [{ zoom_out_percentage: '100' }, 'zoom_out_percentage'],
    [{ size: '256x256' }, "'size' 256x256 has no room for an image of 400x300"],
  ])('outpaint refuses %j', async (fields, text) => {
    await expect(worked('outpaint', { image: source }, { prompt: 'x', ...fields })).rejects.toThrow(text);
  });

  it('enhance takes null for what is not given', async () => {
    const image_url = `data:image/png;base64,${source.toString('base64')}`;
    expect((await answered('images/enhance', { image_url, refinement: null })).credits).toBe(210);
  });

  it.each<[string, readonly string[], object]>([
    ['generations', [], { prompt: 'x' }],
    ['imageToImage', ['image'], { prompt: 'x', strength: '0' }],
    ['inpaint', ['image', 'mask'], { prompt: 'x' }],
    ['variateImage', ['image'], { size: '1:1' }],
  ])('%s tells features of its pictures where they are asked for', async (path, names, fields) => {
    const files = Object.fromEntries(names.map((name) => [name, name === 'mask' ? mask : source]));
    const told = async (more: object) => (await answered(`images/${path}`, form(files, { ...fields, ...more }))).data;
    expect(await told({ calculate_features: 'true' })).toMatchObject([{ features: { nsfw_score: 0 } }]);
    expect(await told({})).not.toMatchObject([{ features: {} }]);
  });

  it('variateImage draws in the size it is told', async () => {
    const body = form({ image: source }, { size: '16:9', n: '2', response_format: 'b64_json' });
    const { data = [], credits } = await answered('images/variateImage', body);
    expect(credits).toBe(80);
    const sizes = data.map(({ b64_json = '' }) => sharp(Buffer.from(b64_json, 'base64')).metadata());
    expect(await Promise.all(sizes)).toMatchObject([
      { width: 1344, height: 768 },
      { width: 1344, height: 768 },
    ]);
    expect(data[0]?.b64_json).not.toBe(data[1]?.b64_json);
    const svg = await worked('variateImage', { image: source }, { size: '1:1', model: 'recraftv4_1_vector' });
    expect([(await sharp(svg).metadata()).format, await transparentPixels(svg)]).toEqual(['svg', 0]);
    await expect(worked('variateImage', { image: source })).rejects.toThrow("'size' is required");
  });
});

describe('vectorize', () => {
  it('answers regions of the picture’s colours', async () => {
    const svg = (await worked('vectorize', { file: source })).toString();
    expect(svg).toMatch(/^<svg /);
    const again = await pixelsOf(await sharp(Buffer.from(svg)).removeAlpha().png().toBuffer());
    const at = (x: number, y: number): number[] => [
      ...again.data.subarray((y * WIDTH + x) * 3, (y * WIDTH + x) * 3 + 3),
    ];
    expect(at(200, 150)[0]).toBeGreaterThan(at(200, 150)[2] ?? 0);
    expect(at(20, 20)[2]).toBeGreaterThan(at(20, 20)[0] ?? 0);
  });

  it('keeps every pixel of a flat picture', async () => {
    expect(await changes(await drawn())).toEqual({ inside: 0, outside: 0 });
  });

  it.each([
    [1024, 1024],
    [1023, 517],
    [997, 256],
    [256, 1201],
  ])('leaves no pixel of an opaque picture of %ix%i transparent', async (width, height) => {
    const flat = sharp({ create: { width, height, channels: 3, background: '#c02010' } });
    const svg = await worked('vectorize', { file: await flat.png().toBuffer() });
    expect(await transparentPixels(svg)).toBe(0);
    expect((await sharp(svg).stats()).channels.slice(0, 3).map(({ mean }) => mean)).toEqual([0xc0, 0x20, 0x10]);
    // Too many colours to be traced to the pixel.
    const noise = sharp({ create: { width, height, channels: 3, background: '#000', noise: { type: 'gaussian', mean: 128, sigma: 60 } } });
    const coarse = await worked('vectorize', { file: await noise.png().toBuffer() });
    expect(coarse.length).toBeLessThan(400_000);
    expect(await transparentPixels(coarse)).toBe(0);
  }); // prettier-ignore

  it('takes no drawing', async () => {
    const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"/>');
    await expect(worked('vectorize', { file: svg })).rejects.toThrow('unknown format');
  });
});

describe('what is charged', () => {
  it.each([
    ['inpaint', { image: 1, mask: 1 }, { prompt: 'x', n: '2' }, 80],
    ['inpaint', { image: 1, mask: 1 }, { prompt: 'x', model: 'recraftv3_vector' }, 80],
    ['replaceBackground', { image: 1 }, { prompt: 'x' }, 40],
    ['vectorize', { file: 1 }, {}, 10],
    ['removeBackground', { file: 1 }, {}, 10],
    ['crispUpscale', { file: 1 }, {}, 4],
    ['creativeUpscale', { file: 1 }, {}, 250],
    ['enhance', { file: 1 }, {}, 210],
    ['eraseRegion', { image: 1, mask: 1 }, {}, 2],
  ])('%s of %j with %j: %i units', async (path, files, fields, units) => {
    const before = sandbox.charges().total;
    const bytes = Object.fromEntries(Object.keys(files).map((name) => [name, name === 'mask' ? mask : source]));
    expect((await answered(`images/${path}`, form(bytes, fields as Record<string, string>))).credits).toBe(units);
    expect(sandbox.charges().total - before).toBe(units);
  });
});

describe('styles', () => {
  const create = async (fields = {}): Promise<{ id: string; credits: number }> =>
    (await (await call('styles', form({ anything: source }, fields))).json()) as { id: string; credits: number };

  it('are made, listed, read and deleted', async () => {
    const style = await create();
    expect(style).toMatchObject({ model: 'recraftv4_styles', style: 'any', is_private: true, credits: 5 });
    const { credits, ...kept } = style;
    expect(credits).toBe(5);
    expect(await (await call(`styles/${style.id}`, {}, 'GET')).json()).toEqual(kept);
    expect(await (await call('styles', {}, 'GET')).json()).toMatchObject({ styles: expect.arrayContaining([kept]) });
    expect((await call(`styles/${style.id}`, {}, 'DELETE')).status).toBe(200);
    expect((await call(`styles/${style.id}`, {}, 'GET')).status).toBe(404);
  });

  it('fit the models of their own family alone', async () => {
    const { id } = await create({ model: 'recraftv3' });
    const body = { prompt: 'x', style_id: id };
    expect((await call('images/generations', { ...body, model: 'recraftv3' })).status).toBe(200);
    await expect(answered('images/generations', { ...body, model: 'recraftv4_styles' })).rejects.toThrow(
      "isn't compatible with the style's model 'recraftv3'",
    );
  });

  it('come from at most ten pictures', async () => {
    const urls = Array.from({ length: 11 }, () => 'data:,');
    await expect(answered('styles', { image_urls: urls })).rejects.toThrow('between 0 and 10');
    await expect(answered('styles', {})).rejects.toThrow('at least one of');
  });

  it('of a generation’s references can be used again', async () => {
    const made = (await answered(
      'images/generations',
      form({ style_references: source }, { prompt: 'x' }),
    )) as Answer & {
      style_id: string;
    };
    expect(made.credits).toBe(40);
    expect(
      (await call('images/generations', { prompt: 'y', model: 'recraftv4_1', style_id: made.style_id })).status,
    ).toBe(200);
  });
});

describe('sketches and tools', () => {
  it('explore answers a set, and similar ones of each', async () => {
    const { data = [] } = await answered('images/explore', { prompt: 'a logo' });
    expect(data).toHaveLength(4);
    const similar = { source_image_id: data[0]?.image_id, similarity: 3 };
    expect((await answered('images/explore/similar', similar)).data).toHaveLength(4);
    await expect(answered('images/explore/similar', { ...similar, similarity: 6 })).rejects.toThrow('similarity');
    await expect(answered('images/explore/similar', { ...similar, source_image_id: 'x' })).rejects.toThrow('not found');
  });

  it('prompts/enhance keeps the prompt and says that it is simulated', async () => {
    const answer = await (await call('prompts/enhance', { prompt: 'a fox' })).json();
    expect(answer).toEqual({ enhanced_prompt: expect.stringMatching(/^a fox, .*simulated/), credits: 10 });
  });

  it('colors/optimize maps every colour to one that is kept', async () => {
    const colors = [
      { hex: '#ff0000', weight: 0.6 },
      { hex: '#fe0101', weight: 0.1 },
      { hex: '#0000ff', weight: 0.3 },
    ];
    const answer = await (await call('colors/optimize', { colors, num_colors_limit: 2 })).json();
    expect(answer).toMatchObject({
      mapping: [
        { from: '#ff0000', to: '#ff0000' },
        { from: '#fe0101', to: '#ff0000' },
        { from: '#0000ff', to: '#0000ff' },
      ],
    });
  });
});

describe('colors/optimize', () => {
  it.each([[[0.2, 0.2, 0.2]], [[0.5, 0.4, 0.1]]])(
    'keeps distinct colours, with the weights %j',
    async ([one, other, third]) => {
      const colors = [
        { hex: '#ff0000', weight: one },
        { hex: '#fe0000', weight: other },
        { hex: '#0000ff', weight: third },
      ];
      const answer = await (await call('colors/optimize', { colors, num_colors_limit: 2 })).json();
      expect((answer as { mapping: object[] }).mapping).toEqual([
        { from: '#ff0000', to: '#ff0000' },
        { from: '#fe0000', to: '#ff0000' },
        { from: '#0000ff', to: '#0000ff' },
      ]);
    },
  );
});

describe('response_format multipart', () => {
  it('answers the JSON, then each picture under its id', async () => {
    const response = await call('images/generations', { prompt: 'a fox', n: 2, response_format: 'multipart' });
    const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
    const [, boundary = ''] =
      /^multipart\/form-data; boundary=(.+)$/.exec(response.headers.get('content-type') ?? '') ?? [];
    const parts = text.split(`--${boundary}`).slice(1, -1);
    expect(parts).toHaveLength(3);
    const { data } = JSON.parse(parts[0]?.split('\r\n\r\n')[1] ?? '') as { data: Picture[] };
    expect(data).toEqual([{ image_id: expect.any(String) }, { image_id: expect.any(String) }]);
    parts.slice(1).forEach((part, index) => {
      expect(part).toContain(`name="${data[index]?.image_id ?? ''}"`);
      expect(part).toContain('Content-Type: image/webp\r\n\r\nRIFF');
    });
  });
});
