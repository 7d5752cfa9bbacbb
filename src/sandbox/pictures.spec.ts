import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { MODELS } from './models.js';
import { Sandbox } from './sandbox.js';

let sandbox: Sandbox;
beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 1_000_000 });
});
afterEach(() => {
  sandbox.reset();
});
afterAll(async () => {
  await sandbox.close();
});

const STYLE_ID = '11111111-2222-3333-4444-555555555555';

interface Pictures {
  created: number;
  credits: number;
  data: { image_id: string; url?: string; b64_json?: string }[];
  style_id?: string;
}

async function make(path: string, body: object): Promise<Pictures> {
  const form = body instanceof FormData;
  const answer = await fetch(`${sandbox.url}/v1/images/${path}`, {
    method: 'POST',
    headers: { authorization: 'Bearer any', ...(!form && { 'content-type': 'application/json' }) },
    body: form ? body : JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text) as Pictures;
}

async function generated(fields: object): Promise<Buffer> {
  const { data } = await make('generations', { prompt: 'a fox', response_format: 'b64_json', ...fields });
  return Buffer.from(data[0]?.b64_json ?? '', 'base64');
}

async function kindOf(bytes: Buffer): Promise<string> {
  const { format, width, height } = await sharp(bytes).metadata();
  return `${format} ${width}x${height}`;
}

/** Mean difference of two pictures' colours, 0 to 255. */
async function difference(one: Buffer, other: Buffer): Promise<number> {
  const [a, b] = await Promise.all(
    [one, other].map((bytes) => sharp(bytes).resize(64, 64, { fit: 'fill' }).removeAlpha().raw().toBuffer()),
  );
  if (a === undefined || b === undefined) throw new Error('no pixels');
  return a.reduce((sum, value, index) => sum + Math.abs(value - (b[index] ?? 0)), 0) / a.length;
}

async function solid(width: number, height: number): Promise<Buffer> {
  return await sharp({ create: { width, height, channels: 3, background: '#ff0000' } })
    .png()
    .toBuffer();
}

const dataUrl = (bytes: Buffer, type = 'image/png'): string => `data:${type};base64,${bytes.toString('base64')}`;

describe('a generation', () => {
  it('is a lossless WebP behind a signed URL unless it is asked for otherwise', async () => {
    const { data } = await make('generations', { prompt: 'a fox' });
    const [{ url = '', image_id: id } = { image_id: '' }] = data;
    expect(url).toMatch(
      new RegExp(`^${sandbox.url}/[\\w-]{43}/rs:fit:1024:1024:0/raw:1/plain/abs://external/images/${id}$`),
    );
    const answer = await fetch(url);
    expect(answer.headers.get('content-type')).toBe('image/webp');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(await kindOf(bytes)).toBe('webp 1024x1024');
    expect(bytes.subarray(12, 16).toString()).toBe('VP8L');
  });

  it('answers its members in the order the real one has them', async () => {
    const answer = await make('generations', { prompt: 'a fox', n: 2 });
    expect(Object.keys(answer)).toEqual(['created', 'credits', 'data']);
    expect(answer.data).toHaveLength(2);
  });

  it.each([
    [{ image_format: 'png' }, 'png 1024x1024'],
    [{ size: '16:9' }, 'webp 1344x768'],
    [{ size: '768x1344' }, 'webp 768x1344'],
    [{ model: 'recraftv4_pro', size: '1:1' }, 'webp 2048x2048'],
    [{ model: 'recraftv3', size: '16:9' }, 'webp 1820x1024'],
    [{ model: 'recraftv2_raster', size: '1024x1707' }, 'webp 1024x1707'],
    [{ model: 'recraftv4_styles_pro', size: '16:9', style_id: STYLE_ID }, 'webp 2688x1536'],
    [{ model: 'recraftv4_1_flash_raster', style: null, n: null }, 'webp 1024x1024'],
    [{ model: 'recraftv4_vector', size: '3:2', image_format: 'png' }, 'svg 1280x832'],
    [{ model: 'recraftv4_1', style: 'any', an_unknown_field: { a: 1 } }, 'webp 1024x1024'],
  ])('of %j is %s', async (fields, kind) => {
    expect(await kindOf(await generated(fields))).toBe(kind);
  });

  it.each([
    [{ model: 'recraftv3', style: 'vector_illustration' }, 'svg', 80],
    [{ model: 'recraftv3', style: 'Line art' }, 'svg', 80],
    [{ style: 'Noir' }, 'webp', 40],
    [{ style: 'Kawaii' }, 'webp', 22],
    [{ style: 'icon', substyle: 'outline' }, 'svg', 44],
    [{}, 'webp', 35],
  ])('follows its style: %j is %s for %i units', async (fields, format, credits) => {
    const answer = await make('generations', { prompt: 'a fox', response_format: 'b64_json', ...fields });
    expect(answer.credits).toBe(credits);
    expect(await kindOf(Buffer.from(answer.data[0]?.b64_json ?? '', 'base64'))).toMatch(new RegExp(`^${format} `));
  });

  it('takes a vector model on the vector route where none is named', async () => {
    const { data, credits } = await make('generations/vector', { prompt: 'a fox' });
    const answer = await fetch(data[0]?.url ?? '');
    expect(answer.headers.get('content-type')).toBe('image/svg+xml');
    expect(await answer.text()).toMatch(/^<svg /);
    expect(credits).toBe(80);
  });

  it('is the same for the same words and seed, byte for byte', async () => {
    const fields = { random_seed: 7, n: 2 };
    expect((await generated(fields)).equals(await generated(fields))).toBe(true);
  });

  it.each([
    ['another prompt', { prompt: 'a harbour at night' }],
    ['another seed', { random_seed: 1 }],
    ['another style', { style: 'Noir' }],
    ['another style id', { style_id: STYLE_ID }],
    ['other colours', { controls: { colors: [{ rgb: [255, 0, 0] }], background_color: { rgb: [0, 0, 255] } } }],
  ])('looks different with %s', async (_, fields) => {
    const [one, other] = [await generated({ model: 'recraftv3' }), await generated({ model: 'recraftv3', ...fields })];
    expect(await difference(one, other)).toBeGreaterThan(10);
  });

  it('gives every picture of one request its own face', async () => {
    const { data } = await make('generations', { prompt: 'a fox', n: 2, response_format: 'b64_json' });
    const [one, other] = data.map((image) => Buffer.from(image.b64_json ?? '', 'base64'));
    expect(await difference(one ?? Buffer.of(), other ?? Buffer.of())).toBeGreaterThan(10);
  });

  it('makes a style of its references, names it and charges for it', async () => {
    const answer = await make('generations', {
      prompt: 'a fox',
      n: 2,
      style_reference_urls: [dataUrl(await solid(300, 300))],
    });
    expect(answer.credits).toBe(5 + 2 * 35);
    expect(answer.style_id).toMatch(/^[0-9a-f-]{36}$/);
    const form = new FormData();
    form.set('prompt', 'a fox');
    form.append('style_references', new Blob([new Uint8Array(await solid(300, 300))]), 'a.png');
    expect((await make('generations', form)).credits).toBe(40);
  });

  it.each(MODELS.map(({ id, units, customStyle }) => [id, units, customStyle] as const))(
    'by %s costs %i units',
    async (model, units, customStyle) => {
      const { credits } = await make('generations', {
        prompt: 'a fox',
        model,
        ...(customStyle === 'required' && { style_id: STYLE_ID }),
      });
      expect(credits).toBe(units);
      expect(sandbox.charges().total).toBe(units);
    },
  );
});

describe('imageToImage', () => {
  it('stays near its source with little strength and leaves it with much', async () => {
    const source = await solid(1000, 600);
    const transform = async (strength: number): Promise<Buffer> => {
      const { data } = await make('imageToImage', {
        prompt: 'a fox',
        strength,
        image_url: dataUrl(source),
        response_format: 'b64_json',
      });
      return Buffer.from(data[0]?.b64_json ?? '', 'base64');
    };
    const [faint, half, full] = [await transform(0), await transform(0.5), await transform(1)];
    expect(await kindOf(half)).toBe('webp 1344x768');
    expect(await difference(source, faint)).toBeLessThan(3);
    const drawing = await difference(source, full);
    expect(drawing).toBeGreaterThan(30);
    expect(await difference(source, half)).toBeCloseTo(drawing / 2, -1);
  });

  it('reads a form whatever its parts are called, with nested fields as JSON text', async () => {
    const form = new FormData();
    form.set(
      'picture',
      new Blob([new Uint8Array(await solid(300, 400))], { type: 'application/octet-stream' }),
      'fox.png',
    );
    for (const [name, value] of Object.entries({
      prompt: 'a fox',
      strength: '0.2',
      n: '2',
      model: 'recraftv3',
      response_format: 'b64_json',
    }))
      form.set(name, value);
    form.set('controls', JSON.stringify({ no_text: true, colors: [{ rgb: [0, 255, 0] }] }));
    const { data, credits } = await make('imageToImage', form);
    expect(data).toHaveLength(2);
    expect(credits).toBe(80);
    expect(await kindOf(Buffer.from(data[0]?.b64_json ?? '', 'base64'))).toBe('webp 1024x1365');
  });

  it('puts the colours of its source under a vector drawing, in paths alone', async () => {
    const fields = {
      prompt: 'a fox',
      strength: 0,
      model: 'recraftv4_vector',
      image_url: dataUrl(await solid(512, 512)),
      response_format: 'b64_json',
    };
    const { data } = await make('imageToImage', fields);
    const svg = Buffer.from(data[0]?.b64_json ?? '', 'base64');
    expect(svg.toString()).not.toContain('<image');
    expect(await difference(svg, await solid(64, 64))).toBeLessThan(5);
  });

  it('takes a small SVG', async () => {
    const svg = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><path fill="#00f" d="M0 0h40v40z"/></svg>',
    );
    const { data } = await make('imageToImage', {
      prompt: 'a fox',
      strength: 0.1,
      image_url: dataUrl(svg, 'image/svg+xml'),
    });
    expect(data).toHaveLength(1);
  });

  it("takes its own pictures' URLs and those of this machine", async () => {
    const { data } = await make('generations', { prompt: 'a fox' });
    await expect(make('imageToImage', { prompt: 'b', strength: 0.5, image_url: data[0]?.url })).resolves.toMatchObject({
      credits: 35,
    });
    const bytes = await solid(300, 300);
    const server = createServer((request, response) =>
      response.writeHead(request.url === '/fox.png' ? 200 : 404).end(bytes),
    ).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await expect(
        make('imageToImage', { prompt: 'b', strength: 0.5, image_url: `${base}/fox.png` }),
      ).resolves.toMatchObject({ credits: 35 });
      await expect(make('imageToImage', { prompt: 'b', strength: 0.5, image_url: `${base}/none` })).rejects.toThrow(
        'failed to download',
      );
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });
});
