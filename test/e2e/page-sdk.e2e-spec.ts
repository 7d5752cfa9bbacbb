import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI, { type ClientOptions } from 'openai';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { imageEdit, imageGeneration } from '../../src/sdk/index.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture, digestOf, kindOf } from '../support/pictures.js';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.js';

/** The page says "your-style-id"; Recraft knows styles by their UUID. */
const STYLE = '11111111-2222-3333-4444-555555555555';
const SUNSET = 'A beautiful sunset over a calm ocean';
const GHIBLI = 'Create a studio ghibli style image';

let sandbox: Sandbox;
let picture: Buffer;
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  picture = await aPicture();
  await writeFile(join(folder.path, 'reference_image.png'), picture);
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
});
afterAll(async () => {
  await sandbox.close();
  await folder.remove();
});
beforeEach(() => {
  sandbox.reset();
});

const openPicture = () => createReadStream(join(folder.path, 'reference_image.png'));

/** What reached Recraft: the path, the key's end and the fields. */
function received(): unknown {
  expect(sandbox.requests()).toHaveLength(1);
  return sandbox.requests()[0];
}

/** Expects as many pictures as were asked for, each of the kind that Recraft draws. */
async function expectPictures(data: readonly { url?: string }[] | undefined, count = 1): Promise<void> {
  expect(data).toHaveLength(count);
  for (const { url = '' } of data ?? []) expect(await kindOf(await (await fetch(url)).bytes())).toBe('webp');
}

const uploaded = () => ({ name: 'image.png', type: 'image/png', ...digestOf(picture) });

describe("The page's SDK calls, in process", () => {
  const before = { ...process.env };
  beforeAll(() => {
    process.env['RECRAFT_API_KEY'] = 'your-api-key';
    process.env['RECRAFT_API_BASE'] = sandbox.url;
  });
  afterAll(() => {
    process.env = before;
  });

  it('imageGeneration makes a picture', async () => {
    const response = await imageGeneration({ model: 'recraft/recraftv3', prompt: SUNSET });
    await expectPictures(response.data);
    expect(received()).toMatchObject({
      path: '/v1/images/generations',
      apiKeyLast4: '-key',
      fields: { model: 'recraftv3', prompt: SUNSET, n: 1, response_format: 'url' },
    });
  });

  it.each(['recraftv3', 'recraftv2'])('imageGeneration draws with recraft/%s', async (model) => {
    const response = await imageGeneration({ model: `recraft/${model}`, prompt: '...' });
    await expectPictures(response.data);
    expect(received()).toMatchObject({ fields: { model } });
  });

  it('imageGeneration hands style_id on', async () => {
    const response = await imageGeneration({ model: 'recraft/recraftv3', prompt: SUNSET, style_id: STYLE });
    await expectPictures(response.data);
    expect(received()).toMatchObject({ fields: { style_id: STYLE } });
  });

  it('imageGeneration takes every parameter of the table', async () => {
    const table = { n: 4, response_format: 'url', size: '1024x1024' } as const;
    const response = await imageGeneration({ model: 'recraft/recraftv3', prompt: SUNSET, ...table });
    await expectPictures(response.data, 4);
    expect(received()).toMatchObject({ fields: table });
  });

  it('imageEdit takes an open file', async () => {
    const response = await imageEdit({ model: 'recraft/recraftv3', prompt: GHIBLI, image: openPicture() });
    await expectPictures(response.data);
    expect(received()).toMatchObject({
      path: '/v1/images/imageToImage',
      fields: { model: 'recraftv3', prompt: GHIBLI, n: '1', strength: '0.2', image: uploaded() },
    });
  });

  it('imageEdit takes n, response_format, style and strength', async () => {
    const response = await imageEdit({
      model: 'recraft/recraftv3',
      prompt: GHIBLI,
      image: openPicture(),
      n: 2, // Generate 2 variations
      response_format: 'url', // Return URLs instead of base64
      style: 'realistic_image', // Set artistic style
      strength: 0.5, // Control transformation strength (0-1)
    });
    await expectPictures(response.data, 2);
    expect(received()).toMatchObject({
      fields: { n: '2', response_format: 'url', style: 'realistic_image', strength: '0.5', image: uploaded() },
    });
  });

  it('imageEdit hands style_id on', async () => {
    const image = openPicture();
    const response = await imageEdit({
      model: 'recraft/recraftv3',
      prompt: GHIBLI,
      image,
      style_id: STYLE,
      strength: 0.7,
    });
    await expectPictures(response.data);
    expect(received()).toMatchObject({ fields: { style_id: STYLE, strength: '0.7', image: uploaded() } });
  });
});

describe.each(['', '/v1'])("The page's calls of OpenAI's SDK, base URL with '%s'", (suffix) => {
  let gateway: RunningGateway;
  let client: OpenAI;

  beforeAll(async () => {
    const named = { model_name: 'recraft-v3', litellm_params: { model: 'recraft/recraftv3' } };
    gateway = await startGateway(sandbox, { MODEL_LIST: JSON.stringify([named]) });
    const options: ClientOptions = { apiKey: gateway.key, baseURL: gateway.url + suffix };
    client = new OpenAI(options);
  });
  afterAll(() => gateway.close());

  // Python's extra_body becomes fields of the body; JavaScript has none, and users copy it all the same.
  it.each([
    ['a field of the body', { style_id: STYLE }],
    ['extra_body as it is', { extra_body: { style_id: STYLE } }],
  ])('images.generate hands style_id on as %s', async (_how, extra) => {
    const response = await client.images.generate({ model: 'recraft/recraftv3', prompt: SUNSET, ...extra });
    await expectPictures(response.data);
    expect(received()).toMatchObject({
      path: '/v1/images/generations',
      fields: { model: 'recraftv3', prompt: SUNSET, style_id: STYLE },
    });
  });

  it.each([
    ['fields of the form', { style_id: STYLE, strength: 0.7 }],
    ['extra_body as it is', { extra_body: { style_id: STYLE, strength: 0.7 } }],
  ])('images.edit hands style_id and strength on as %s', async (_how, extra) => {
    const image = openPicture();
    const response = await client.images.edit({ model: 'recraft-v3', prompt: GHIBLI, image, ...extra });
    await expectPictures(response.data);
    expect(received()).toMatchObject({
      path: '/v1/images/imageToImage',
      fields: { model: 'recraftv3', prompt: GHIBLI, style_id: STYLE, strength: '0.7', image: uploaded() },
    });
  });
});
