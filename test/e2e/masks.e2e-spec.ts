import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectEnvelope, expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';

const WIDTH = 400;
const HEIGHT = 300;

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

const asUrl = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;

/** A plain mask; with `alpha`, its left half is transparent. */
async function maskOf(
  color: string,
  { width = WIDTH, height = HEIGHT, alpha }: { width?: number; height?: number; alpha?: number } = {},
) {
  const plain = sharp(await aPicture({ width, height, color }));
  if (alpha === undefined) return plain.toColourspace('b-w').png().toBuffer();
  const left = {
    create: { width: width / 2, height, channels: 4, background: { r: 255, g: 255, b: 255, alpha } },
  } as const;
  const blend = 'dest-in';
  return plain.ensureAlpha().composite([{ input: left, left: 0, top: 0, blend }]).png().toBuffer(); // prettier-ignore
}

const MASKED = ['inpaint', 'generateBackground', 'eraseRegion'] as const;

const send = (path: string, mask: Buffer, image = picture, to = gateway) =>
  to.post(`/v1/images/${path}`, {
    image_url: asUrl(image),
    mask_url: asUrl(mask),
    ...(path !== 'eraseRegion' && { prompt: 'a cake' }),
  });

async function expectRefused(response: Response, param: string, code = 'invalid_image_file'): Promise<string> {
  expect(response.status).toBe(400);
  const expected = { type: 'image_generation_user_error', code, param };
  return expectEnvelope(await response.text(), expected);
}

describe.each(MASKED)("A mask of Recraft's %s", (path) => {
  it.each([
    ['transparent parts', () => maskOf('#fff', { alpha: 0 }), 'transparent'],
    ['nothing in white', () => maskOf('#000'), 'all black'],
    ['grey', () => maskOf('#808080'), 'neither black nor white'],
  ])('is refused with %s, before anything is sent', async (_what, make, text) => {
    expect(await expectRefused(await send(path, await make()), 'mask_url')).toContain(text);
    expect(sandbox.requests()).toEqual([]);
  });

  it('is taken with an alpha channel that hides nothing, without it', async () => {
    const opaque = await sharp(await maskOf('#fff')).toColourspace('srgb').ensureAlpha().png().toBuffer(); // prettier-ignore
    expect((await send(path, opaque)).status).toBe(200);
    expect(sandbox.requests()).toMatchObject([{ status: 200 }]);
  });
});

describe('A file that ends in the middle', () => {
  it.each([
    ['the picture', 'image'],
    ['the mask', 'mask'],
  ])('is refused by name where it is %s', async (_what, field) => {
    const form = new FormData();
    form.set('prompt', 'a cake');
    for (const [name, bytes] of [['image', picture], ['mask', await maskOf('#fff')]] as const) {
      const sent = name === field ? bytes.subarray(0, bytes.length - 20) : bytes;
      form.set(name, new Blob([new Uint8Array(sent)]), `${name}.png`);
    } // prettier-ignore
    const response = await gateway.call('/v1/images/inpaint', { method: 'POST', body: form });
    expect(await expectRefused(response, field)).toContain('ends in the middle');
    expect(sandbox.requests()).toEqual([]);
  });

  it('is refused where it is the picture of an edit, or of a style', async () => {
    const cut = asUrl(picture.subarray(0, picture.length >> 1));
    const edit = await gateway.post('/v1/images/edits', { image: cut, prompt: 'a cake' });
    const expected = { status: 400, type: 'image_generation_user_error', code: 'invalid_image_file' };
    await expectError(edit, { ...expected, param: 'image' });
    const style = await gateway.post('/v1/styles', { image_urls: [asUrl(picture), cut] });
    await expectRefused(style, 'image_urls[1]');
    expect(sandbox.requests()).toEqual([]);
  });
});

describe('A picture that its EXIF turns', () => {
  const shown = { width: HEIGHT, height: WIDTH };

  const turned = (): Promise<Buffer> => sharp(picture).withMetadata({ orientation: 6 }).jpeg().toBuffer();

  it('takes a mask of its size as it is shown or stored, in both dialects, where pictures are made to fit', async () => {
    await using fitting = await startGateway(sandbox, { NORMALISE_IMAGES: 'true' });
    for (const size of [shown, {}]) {
      const mask = await maskOf('#fff', size);
      expect((await send('inpaint', mask, await turned(), fitting)).status).toBe(200);
      const body = { image: asUrl(await turned()), mask: asUrl(mask), prompt: 'a cake' };
      expect((await fitting.post('/v1/images/edits', body)).status).toBe(200);
    }
  });

  it('has the refusal of a mask of another size name the mask, and the sizes that it may have', async () => {
    await using fitting = await startGateway(sandbox, { NORMALISE_IMAGES: 'true' });
    const other = await maskOf('#fff', { width: 200, height: 200 });
    const message = await expectRefused(await send('inpaint', other, await turned(), fitting), 'mask_url');
    expect(message).toContain('200x200, and not 400x300 or, as the picture is shown, 300x400');
    expect(sandbox.requests()).toEqual([]);
  });

  it('is refused with a way out where they are not, in both dialects', async () => {
    const mask = await maskOf('#fff', shown);
    const body = { image: asUrl(await turned()), mask: asUrl(mask), prompt: 'a cake' };
    const message = await expectRefused(await send('inpaint', mask, await turned()), 'image_url');
    expect(message).toMatch(/turned by its EXIF \(orientation 6\).*upright.*NORMALISE_IMAGES/);
    expect(await expectRefused(await gateway.post('/v1/images/edits', body), 'image')).toBe(message);
    expect(sandbox.requests()).toEqual([]);
  });

  it("has Recraft's own refusal of a mask name it by the caller's word, and the size that is right", async () => {
    const drawn = await gateway.post('/v1/images/generations', { prompt: 'a cake', response_format: 'url' });
    const [{ url }] = ((await drawn.json()) as { data: [{ url: string }] }).data;
    const charged = sandbox.charges().total;
    const body = { image_url: url, mask_url: asUrl(await maskOf('#fff')), prompt: 'a cake' };
    const refused = await gateway.post('/v1/images/inpaint', body);
    const message = await expectRefused(refused, 'mask_url', 'invalid_image_format');
    expect(message).toContain('1024x1024, not 400x300');
    expect(sandbox.charges().total).toBe(charged);
  });
});
