/* OpenAI has retired variations and response_format; its clients still send them. */
/* eslint-disable @typescript-eslint/no-deprecated */
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';

const WIDTH = 512;
const HEIGHT = 384;
const HOLE = { left: 100, top: 80, width: 120, height: 90 };

// Pictures are drawn and decoded in each of these tests.
jest.setTimeout(30_000);

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

  it.each([
    ['png', { model: 'recraft/recraftv4_1_vector' }, 'recraftv4_1.'],
    ['webp', { model: 'recraft/recraftv3_vector' }, 'recraftv3.'],
    ['jpeg', { model: 'recraft/recraftv4_1_vector' }, 'recraftv4_1.'],
    ['jpeg', { model: 'recraft/recraftv4_1_vector', image_format: 'png' }, 'recraftv4_1.'],
    ['png', { model: 'recraft/recraftv3', style: 'vector_illustration' }, 'another style'],
  ])('%s is refused where an SVG would come: %j', async (output_format, order, named) => {
    const response = await gateway.post('/v1/images/generations', { prompt: 'x', output_format, ...order });
    const expected = { status: 400, code: 'unsupported_value', param: 'output_format' };
    expect(await expectError(response, expected)).toContain(named);
    expect(sandbox.requests()).toEqual([]);
  });

  it('png is refused for edits and variations by a vector model too', async () => {
    const image_url = `data:image/png;base64,${picture.toString('base64')}`;
    for (const path of ['edits', 'variations']) {
      const body = { prompt: 'x', image_url, model: 'recraft/recraftv4_1_vector', output_format: 'png' };
      const response = await gateway.post(`/v1/images/${path}`, body);
      await expectError(response, { status: 400, code: 'unsupported_value', param: 'output_format' });
    }
    expect(sandbox.requests()).toEqual([]);
  });

  it('jpeg of what is no picture is an error that says what was charged', async () => {
    sandbox.fault({ body: { credits: 35, data: [{ b64_json: 'Zm94' }] } });
    const response = await gateway.post('/v1/images/generations', { prompt: 'x', output_format: 'jpeg' });
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.035');
    await expectError(response, { status: 424, type: 'server_error', code: 'failed_after_charge' });
  });

  it('jpeg comes in a stream, whose events say so', async () => {
    const order = { prompt: 'a fox', output_format: 'jpeg', n: 2, stream: true } as const;
    const events: unknown[] = [];
    for await (const event of await client.images.generate(order)) {
      const {
        b64_json = '',
        type,
        output_format,
      } = event as { b64_json?: string; type: string; output_format: string };
      events.push([type, output_format, (await sharp(Buffer.from(b64_json, 'base64')).metadata()).format]);
    }
    const expected = ['image_generation.completed', 'jpeg', 'jpeg'];
    expect(events).toEqual([expected, expected]);
  });

  it('jpeg is refused as a link, which the gateway could not serve', async () => {
    const body = { prompt: 'x', output_format: 'jpeg', response_format: 'url' };
    const response = await gateway.post('/v1/images/generations', body);
    const expected = { status: 400, code: 'unsupported_value', param: 'response_format' };
    expect(await expectError(response, expected)).toContain('b64_json');
    expect(sandbox.requests()).toEqual([]);
  });
});
