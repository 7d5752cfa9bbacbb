/* OpenAI has retired variations and response_format; its clients still send them. */
/* eslint-disable @typescript-eslint/no-deprecated */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { HEIC } from '../support/heic.js';
import { aPicture } from '../support/pictures.js';

const WIDTH = 512;
const HEIGHT = 384;
const HOLE = { left: 100, top: 80, width: 120, height: 90 };

let sandbox: Sandbox;
let gateway: RunningGateway;
let client: OpenAI;
let picture: Buffer;
let mask: Buffer;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 1_000_000 });
  gateway = await startGateway(sandbox);
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });
  picture = await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 3, background: '#2040a0' } })
    .png()
    .toBuffer();
  const { width, height, left, top } = HOLE;
  const hole = await sharp({ create: { width, height, channels: 4, background: '#000' } })
    .png()
    .toBuffer();
  mask = await sharp({ create: { width: WIDTH, height: HEIGHT, channels: 4, background: '#fff' } })
    .composite([{ input: hole, left, top, blend: 'dest-out' }])
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

const file = (bytes: Buffer, name: string) => toFile(bytes, name, { type: 'image/png' });

function bytesOf(answer: OpenAI.ImagesResponse): Buffer {
  return Buffer.from(answer.data?.[0]?.b64_json ?? '', 'base64');
}

/** Which pixels of a result are not the source's: inside the mask's hole, and outside. */
async function changes(bytes: Buffer): Promise<{ inside: number; outside: number }> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  expect(info).toMatchObject({ width: WIDTH, height: HEIGHT, channels: 3 });
  const count = { inside: 0, outside: 0 };
  for (let at = 0; at < WIDTH * HEIGHT; at += 1) {
    if (data[at * 3] === 0x20 && data[at * 3 + 1] === 0x40 && data[at * 3 + 2] === 0xa0) continue;
    const [x, y] = [(at % WIDTH) - HOLE.left, Math.floor(at / WIDTH) - HOLE.top];
    count[x >= 0 && x < HOLE.width && y >= 0 && y < HOLE.height ? 'inside' : 'outside'] += 1;
  }
  return count;
}

describe('An edit with a mask', () => {
  it.each(['gpt-image-1', 'recraft/recraftv3'])(
    'by %s changes the transparent part and nothing else',
    async (model) => {
      const answer = await client.images.edit({
        model,
        image: await file(picture, 'a.png'),
        mask: await file(mask, 'm.png'),
        prompt: 'a cake',
        response_format: 'b64_json',
      });
      const { inside, outside } = await changes(bytesOf(answer));
      expect(outside).toBe(0);
      expect(inside).toBeGreaterThan(HOLE.width * HOLE.height * 0.9);
      expect(sandbox.requests()).toMatchObject([{ path: '/v1/images/inpaint', fields: { model: 'recraftv3' } }]);
    },
  );

  it('is refused by a model that cannot, before Recraft is asked', async () => {
    const edit = client.images.edit({
      model: 'recraft/recraftv4_1',
      image: await file(picture, 'a.png'),
      mask: await file(mask, 'm.png'),
      prompt: 'a cake',
    });
    await expect(edit).rejects.toMatchObject({
      status: 400,
      param: 'model',
      message: expect.stringContaining('recraftv3'),
    });
    expect(sandbox.requests()).toEqual([]);
  });

  it('comes as JSON with data URLs too', async () => {
    const url = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;
    const body = { image: url(picture), mask: url(mask), prompt: 'a cake', response_format: 'b64_json' };
    const response = await gateway.post('/v1/images/edits', body);
    const { outside } = await changes(bytesOf((await response.json()) as OpenAI.ImagesResponse));
    expect(outside).toBe(0);
  });
});

describe('A variation', () => {
  it('takes the size nearest to the picture where none is asked for', async () => {
    await client.images.createVariation({ image: await file(picture, 'a.png'), n: 2 });
    expect(sandbox.requests()).toMatchObject([
      { path: '/v1/images/variateImage', credits: 80, fields: { size: '1216x896', n: '2' } },
    ]);
  });

  it('takes the size that is asked for', async () => {
    await client.images.createVariation({ image: await file(picture, 'a.png'), size: '1024x1024' });
    expect(sandbox.requests()).toMatchObject([{ fields: { size: '1024x1024' } }]);
  });
});

describe('output_format', () => {
  it.each(['png', 'webp', 'jpeg'] as const)('%s comes as that', async (output_format) => {
    const answer = await client.images.generate({ prompt: 'a fox', model: 'gpt-image-1', output_format, n: 2 });
    const kinds = (answer.data ?? []).map(({ b64_json = '' }) => sharp(Buffer.from(b64_json, 'base64')).metadata());
    expect((await Promise.all(kinds)).map(({ format }) => format)).toEqual([output_format, output_format]);
  });

  it('svg comes from a vector model, and the refusal of another names one', async () => {
    const answer = await client.images.generate({
      prompt: 'x',
      model: 'recraft/recraftv4_1_vector',
      output_format: 'svg',
      response_format: 'b64_json',
    });
    expect(bytesOf(answer).toString()).toMatch(/^<svg/);
    const refused = await gateway.post('/v1/images/generations', {
      prompt: 'x',
      model: 'recraftv4_1',
      output_format: 'svg',
    });
    expect(await expectError(refused, { status: 400, code: 'unsupported_value', param: 'output_format' })).toContain(
      'recraftv4_1_vector',
    );
  });

  it('jpeg of what is no picture is an error that says what was charged', async () => {
    sandbox.fault({ body: { credits: 35, data: [{ b64_json: 'Zm94' }] } });
    const response = await gateway.post('/v1/images/generations', { prompt: 'x', output_format: 'jpeg' });
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.035');
    await expectError(response, { status: 502, type: 'server_error', code: 'upstream_invalid_answer' });
  });

  it.each([
    [{ response_format: 'url' }, 'response_format'],
    [{ stream: true }, 'output_format'],
  ])('jpeg is refused with %j', async (fields, param) => {
    const response = await gateway.post('/v1/images/generations', { prompt: 'x', output_format: 'jpeg', ...fields });
    await expectError(response, { status: 400, code: 'unsupported_value', param });
    expect(sandbox.requests()).toEqual([]);
  });
});

describe('A transparent background', () => {
  const body = () => ({
    image: `data:image/png;base64,${picture.toString('base64')}`,
    prompt: 'a cake',
    model: 'recraft/recraftv3',
    background: 'transparent',
    n: 2,
  });

  it('is refused where no second charge is allowed, and for what is no edit', async () => {
    const expected = { status: 400, code: 'unsupported_value', param: 'background' };
    expect(await expectError(await gateway.post('/v1/images/edits', body()), expected)).toContain('second charge');
    await expectError(
      await gateway.post('/v1/images/generations', { prompt: 'x', background: 'transparent' }),
      expected,
    );
    expect(sandbox.requests()).toEqual([]);
  });

  it('is made by a second operation for each picture, and both are in the cost', async () => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true' });
    const response = await charged.post('/v1/images/edits', {
      ...body(),
      response_format: 'b64_json',
      output_format: 'png',
    });
    const answer = (await response.json()) as OpenAI.ImagesResponse & { credits: number };
    expect(sandbox.requests().map(({ path }) => path.split('/').at(-1))).toEqual([
      'imageToImage',
      'removeBackground',
      'removeBackground',
    ]);
    expect(answer.credits).toBe(100);
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.1');
    for (const { b64_json = '' } of answer.data ?? []) {
      expect(await sharp(Buffer.from(b64_json, 'base64')).metadata()).toMatchObject({ format: 'png', hasAlpha: true });
    }
    const links = (await (await charged.post('/v1/images/edits', body())).json()) as OpenAI.ImagesResponse;
    expect(links.data?.map(({ url }) => typeof url)).toEqual(['string', 'string']);
  });

  const REMOVAL = '/v1/images/removeBackground';
  const pictureOf = async (): Promise<string> => (await sharp(picture).png().toBuffer()).toString('base64');

  it.each([
    ['the first of two removals', [{ path: REMOVAL, status: 500 }], 0.08],
    ['the second of two removals', [{ path: REMOVAL }, { path: REMOVAL, status: 500 }], 0.09],
  ])('that fails at %s is an error that says what was charged, and so do log and metrics', async (_what, faults, cost) => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true', LOG_LEVEL: 'info' });
    sandbox.fault(...faults);
    const response = await charged.post('/v1/images/edits', body());
    expect(response.headers.get('x-litellm-response-cost')).toBe(String(cost));
    await expectError(response, { status: 502, type: 'server_error', code: 'upstream_error' });
    expect(await charged.logged('"msg":"request"')).toMatchObject({
      status: 502, operation: 'imageToImage', costDollars: cost, fault: 'upstreamFailed',
    });
    const metrics = await (await charged.call('/metrics')).text();
    expect(metrics).toContain(`recraft_gateway_cost_dollars_total{operation="imageToImage",model="recraftv3"} ${cost}\n`);
    expect(metrics).not.toMatch(/recraft_gateway_images_total\{/);
  }); // prettier-ignore

  it('costs the price of both where Recraft does not say what it charged, and that of the first where the second fails', async () => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true' });
    const b64_json = await pictureOf();
    const [first, second] = [{ body: { data: [{ b64_json }] } }, { body: { image: { b64_json } } }];
    sandbox.fault(first, second, first, { status: 422, body: { code: 'odd' } });
    const whole = await charged.post('/v1/images/edits', { ...body(), n: 1 });
    expect([whole.status, whole.headers.get('x-litellm-response-cost')]).toEqual([200, '0.05']);
    const half = await charged.post('/v1/images/edits', { ...body(), n: 1 });
    expect([half.status, half.headers.get('x-litellm-response-cost')]).toEqual([422, '0.04']);
  });

  it('has no cost in the error where nothing was charged', async () => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true' });
    sandbox.fault({ status: 422, body: { code: 'odd' } });
    const response = await charged.post('/v1/images/edits', body());
    expect([response.status, response.headers.get('x-litellm-response-cost')]).toEqual([422, null]);
  });
});

describe('A picture that Recraft does not take as it is', () => {
  const asUrl = (bytes: Buffer): string => `data:application/octet-stream;base64,${bytes.toString('base64')}`;

  it.each([
    ['GIF', () => sharp(picture).gif().toBuffer(), 'This one is gif.'],
    ['AVIF', () => sharp(picture).avif().toBuffer(), 'This one is avif.'],
    ['HEIC', () => Promise.resolve(HEIC), 'This one is heic.'],
    ['5,000 pixels wide', () => aPicture({ width: 5_000, height: 400 }), 'at most 4096 pixels; this one is 5000x400'],
    [
      'of 16.8 megapixels',
      () => aPicture({ width: 4_096, height: 4_096 }),
      'at most 16 megapixels; this one is 4096x4096',
    ],
  ])('is refused with the exact limit: %s', async (_what, make, why) => {
    const image = asUrl(await make());
    for (const [path, param, body] of [
      ['/v1/images/edits', 'image', { image, prompt: 'x' }],
      ['/v1/images/variations', 'image', { image }],
      ['/v1/images/removeBackground', 'image_url', { image_url: image }],
    ] as const) {
      const response = await gateway.post(path, body);
      expect([response.status, await response.json()]).toMatchObject([
        400,
        { error: { param, message: expect.stringContaining(why) } },
      ]);
    }
    expect(sandbox.requests()).toEqual([]);
  });

  it('takes its mask along where it is turned and scaled: only what the mask shows is changed', async () => {
    await using fitting = await startGateway(sandbox, { NORMALISE_IMAGES: 'true' });
    const [width, height, hole] = [5_000, 1_000, { left: 400, top: 100, width: 900, height: 300 }];
    const lying = await sharp({ create: { width, height, channels: 3, background: '#2040a0' } })
      .jpeg({ quality: 100, chromaSubsampling: '4:4:4' })
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const overlay = async (channels: 3 | 4, ground: string, fill: string, blend: 'over' | 'dest-out') =>
      sharp({ create: { width, height, channels, background: ground } })
        .composite([{ input: { create: { width: hole.width, height: hole.height, channels: 4, background: fill } }, left: hole.left, top: hole.top, blend }])
        .png()
        .toBuffer();
    const openAi = asUrl(await overlay(4, '#fff', '#000', 'dest-out'));
    const recraft = asUrl(await sharp(await overlay(3, '#000', '#fff', 'over')).removeAlpha().toColourspace('b-w').png().toBuffer());
    const wanted = { prompt: 'a cake', response_format: 'b64_json', image_format: 'png' };
    const answers = [
      await fitting.post('/v1/images/edits', { ...wanted, image: asUrl(lying), mask: openAi }),
      await fitting.post('/v1/images/inpaint', { ...wanted, image_url: asUrl(lying), mask_url: recraft }),
    ];
    for (const answer of answers) {
      const bytes = bytesOf((await answer.json()) as OpenAI.ImagesResponse);
      const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true });
      expect(info).toMatchObject({ width: 819, height: 4_096 });
      // A quarter turn to the right: what was left is above, and what was above is right.
      const scale = info.height / width;
      const inside = { left: (height - hole.top - hole.height) * scale, right: (height - hole.top) * scale, top: hole.left * scale, bottom: (hole.left + hole.width) * scale };
      const changed = { inside: 0, outside: 0 };
      for (let at = 0; at < info.width * info.height; at += 1) {
        if (Math.abs((data[at * 3] ?? 0) - 0x20) < 4 && Math.abs((data[at * 3 + 2] ?? 0) - 0xa0) < 4) continue;
        const [x, y] = [at % info.width, Math.floor(at / info.width)];
        const isInside = x >= inside.left - 2 && x <= inside.right + 2 && y >= inside.top - 2 && y <= inside.bottom + 2;
        changed[isInside ? 'inside' : 'outside'] += 1;
      }
      expect(changed.outside).toBe(0);
      expect(changed.inside).toBeGreaterThan(hole.width * hole.height * scale * scale * 0.9);
    }
  }); // prettier-ignore

  it('is refused by name, or made to fit where the operator wants that', async () => {
    const gif = await sharp(picture).gif().toBuffer();
    const body = { image_url: `data:image/gif;base64,${gif.toString('base64')}`, response_format: 'b64_json' };
    const refused = await gateway.post('/v1/images/removeBackground', body);
    expect(await refused.json()).toMatchObject({
      error: { param: 'image_url', message: expect.stringContaining('gif') },
    });
    await using fitting = await startGateway(sandbox, { NORMALISE_IMAGES: 'true' });
    expect((await fitting.post('/v1/images/removeBackground', body)).status).toBe(200);
    expect(sandbox.requests()).toHaveLength(1);
  });
});
