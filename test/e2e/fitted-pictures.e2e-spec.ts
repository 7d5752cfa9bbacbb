import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type OpenAI from 'openai';
import sharp from 'sharp';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { HEIC } from '../support/heic.js';
import { aPicture } from '../support/pictures.js';

const WIDTH = 512;
const HEIGHT = 384;

// Several pictures are drawn and decoded in each of these tests.
jest.setTimeout(30_000);

let sandbox: Sandbox;
let gateway: RunningGateway;
let picture: Buffer;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 1_000_000 });
  gateway = await startGateway(sandbox);
  picture = await aPicture({ width: WIDTH, height: HEIGHT });
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.reset();
});

describe('A picture that Recraft does not take as it is', () => {
  const asUrl = (bytes: Buffer): string => `data:application/octet-stream;base64,${bytes.toString('base64')}`;

  it.each([
    ['GIF', () => sharp(picture).gif().toBuffer(), 'This one is gif.'],
    ['AVIF', () => sharp(picture).avif().toBuffer(), 'This one is avif.'],
    ['TIFF', () => sharp(picture).tiff().toBuffer(), 'This one is TIFF.'],
    ...[2, 3, 6, 8].map((orientation): [string, () => Promise<Buffer>, string] => [
      `turned by EXIF: ${orientation}`,
      () => sharp(picture).withMetadata({ orientation }).jpeg().toBuffer(),
      `turned by its EXIF (orientation ${orientation})`,
    ]),
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
      const bytes = Buffer.from(((await answer.json()) as OpenAI.ImagesResponse).data?.[0]?.b64_json ?? '', 'base64');
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

  it('is turned upright, or refused with the size that it was sent in, where pictures are made to fit', async () => {
    await using fitting = await startGateway(sandbox, { NORMALISE_IMAGES: 'true' });
    const send = (image: Buffer) => fitting.post('/v1/images/vectorize', { image_url: asUrl(image) });
    expect((await send(await sharp(picture).withMetadata({ orientation: 3 }).jpeg().toBuffer())).status).toBe(200);
    expect((await send(await sharp(picture).tiff().toBuffer())).status).toBe(200);
    const long = await send(await aPicture({ width: 5_000, height: 200 }));
    const why = expect.stringContaining('at least 256 pixels; this one is 5000x200, and made to fit it would be 4096x163');
    expect([long.status, await long.json()]).toMatchObject([400, { error: { param: 'image_url', message: why } }]);
    expect(sandbox.requests()).toHaveLength(2);
  }); // prettier-ignore

  it("that Recraft cannot fetch is told of by the caller's own word for it", async () => {
    const url = `${sandbox.url}/gone.png`;
    for (const [path, param, body] of [
      ['/v1/images/removeBackground', 'image_url', { image_url: url }],
      ['/v1/images/imageToImage', 'image_url', { image_url: url, prompt: 'x', strength: 0.5 }],
      ['/v1/images/edits', 'image', { image: url, prompt: 'x' }],
      ['/v1/images/generations', 'style_reference_urls[0]', { prompt: 'x', model: 'recraftv4_styles', style_reference_urls: [url] }],
    ] as const) {
      const response = await gateway.post(path, body);
      const message = expect.stringContaining('failed to download image');
      expect([path, response.status, await response.json()]).toMatchObject([path, 400, { error: { param, message } }]);
    }
  }); // prettier-ignore

  it('has a refusal of its model name the route, and no name of ours', async () => {
    const body = { image_url: asUrl(picture), size: '1:1', model: 'recraftv4_styles' };
    const answer = (await (await gateway.post('/v1/images/variateImage', body)).json()) as { message: string };
    expect(answer.message).toContain('does not take part in /v1/images/variateImage.');
  });

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
