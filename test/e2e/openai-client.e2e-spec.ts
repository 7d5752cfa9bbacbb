import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import OpenAI, { AzureOpenAI, toFile } from 'openai';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture, digestOf, kindOf } from '../support/pictures.js';
import { type TemporaryFolder, temporaryFolder } from '../support/temporary-folder.js';

type ErrorClass = abstract new (...args: never) => Error;

const STYLE = '11111111-2222-3333-4444-555555555555';

/** OpenAI calls the field deprecated, because its own models know base64 alone. */
const BASE64 = { response_format: 'b64_json' } as const;

let sandbox: Sandbox;
let gateway: RunningGateway;
let client: OpenAI;
let picture: Buffer;
let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await temporaryFolder();
  picture = await aPicture();
  await writeFile(join(folder.path, 'fox.png'), picture);
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
  gateway = await startGateway(sandbox);
  client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.url}/v1`, maxRetries: 0 });
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  await folder.remove();
});
beforeEach(() => {
  sandbox.reset();
});

const fields = (): unknown => sandbox.requests().at(-1)?.fields;

describe("OpenAI's client makes pictures", () => {
  it('gets as many links as it asked for', async () => {
    const { created, data } = await client.images.generate({ model: 'recraft/recraftv3', prompt: 'a fox', n: 2 });
    expect(created).toBeGreaterThan(1_700_000_000);
    expect(data).toHaveLength(2);
    const files = await Promise.all((data ?? []).map(async ({ url = '' }) => (await fetch(url)).bytes()));
    expect(await Promise.all(files.map(kindOf))).toEqual(['webp', 'webp']);
  });

  it('gets base64', async () => {
    const { data } = await client.images.generate({ prompt: 'a fox', ...BASE64 });
    expect(await kindOf(Buffer.from(data?.[0]?.b64_json ?? '', 'base64'))).toBe('webp');
  });

  it("reads a vector model's SVG", async () => {
    const { data } = await client.images.generate({ model: 'recraft/recraftv3_vector', prompt: 'a fox' });
    const response = await fetch(data?.[0]?.url ?? '');
    expect(response.headers.get('content-type')).toBe('image/svg+xml');
  });

  it("hands Recraft's own parameters on as they are", async () => {
    const extras = {
      negative_prompt: 'text',
      random_seed: 42,
      style_id: STYLE,
      image_format: 'png',
      controls: {
        colors: [{ rgb: [255, 0, 0], weight: 0.5 }, { rgb: [0, 128, 255], weight: 0.25 }], // prettier-ignore
        background_color: { rgb: [1, 2, 3] },
        no_text: false,
        artistic_level: 0,
      },
      text_layout: [{ text: 'FOX', bbox: [[0.2, 0.2], [0.8, 0.2], [0.8, 0.4], [0.2, 0.4]] }], // prettier-ignore
      a_field_of_tomorrow: { deep: [1, 'two', null] },
    };
    const { data } = await client.images.generate({ model: 'recraft/recraftv3', prompt: 'a fox', ...extras });
    expect(fields()).toEqual({ model: 'recraftv3', prompt: 'a fox', n: 1, response_format: 'url', ...extras });
    expect(await kindOf(await (await fetch(data?.[0]?.url ?? '')).bytes())).toBe('png');
  });

  it("keeps Recraft's own members of the answer", async () => {
    const answer = await client.images.generate({ model: 'recraft/recraftv3', prompt: 'a fox' });
    expect(answer).toMatchObject({ credits: 40, data: [{ image_id: expect.any(String) as unknown }] });
    expect(answer).not.toHaveProperty('usage');
  });
});

describe("OpenAI's client edits pictures", () => {
  it.each<[how: string, image: () => Parameters<OpenAI['images']['edit']>[0]['image'] | Promise<File>]>([
    ['a File', () => toFile(picture, 'fox.png', { type: 'image/png' })],
    ['a file that is read, in chunks of unknown number', () => createReadStream(join(folder.path, 'fox.png'))],
    ['a File without a name or type', () => new File([new Uint8Array(picture)], '')],
    ['an array of one', () => [new File([new Uint8Array(picture)], 'fox.png', { type: 'image/png' })]],
  ])('takes %s', async (_how, image) => {
    const { data } = await client.images.edit({
      model: 'recraft/recraftv3',
      prompt: 'winter',
      image: await image(),
      n: 2,
    });
    expect(data).toHaveLength(2);
    expect(fields()).toMatchObject({ n: '2', strength: '0.2', image: { type: 'image/png', ...digestOf(picture) } });
  });

  it("hands nested parameters of Recraft's on with their types", async () => {
    const extras = {
      strength: 0.35,
      random_seed: 7,
      controls: { colors: [{ rgb: [255, 0, 0] }, { rgb: [0, 128, 255] }], no_text: true, artistic_level: 3 },
      text_layout: [{ text: 'FOX', bbox: [[0.2, 0.2], [0.8, 0.2], [0.8, 0.4], [0.2, 0.4]] }], // prettier-ignore
    };
    const image = await toFile(picture, 'fox.png');
    await client.images.edit({ model: 'recraft/recraftv3', prompt: 'winter', image, ...extras });
    expect(fields()).toMatchObject({ ...extras, n: 1, image_url: { type: 'image/png', ...digestOf(picture) } });
  });

  it('is refused several pictures, by the name of the field', async () => {
    const two = [await toFile(picture, 'a.png'), await toFile(picture, 'b.png')];
    await expect(client.images.edit({ prompt: 'merge', image: two })).rejects.toMatchObject({
      status: 400,
      param: 'image',
    });
    expect(sandbox.requests()).toEqual([]);
  });
});

describe("OpenAI's client reads a stream", () => {
  const base64 = expect.any(String) as unknown;

  it('of one completed event for each picture', async () => {
    const stream = await client.images.generate({ prompt: 'a fox', n: 2, stream: true, partial_images: 0 });
    const events: unknown[] = [];
    for await (const event of stream) events.push(event);
    const completed = { type: 'image_generation.completed', b64_json: base64, output_format: 'webp' };
    expect(events).toMatchObject([completed, completed]);
  });

  it('of an edit', async () => {
    const image = await toFile(picture, 'fox.png');
    const stream = await client.images.edit({ model: 'recraft/recraftv3', prompt: 'winter', image, stream: true });
    const events: unknown[] = [];
    for await (const event of stream) events.push(event);
    expect(events).toMatchObject([{ type: 'image_edit.completed', b64_json: base64 }]);
  });
});

describe("OpenAI's client knows the models", () => {
  it('lists them', async () => {
    const ids = [];
    for await (const { id } of client.models.list()) ids.push(id);
    expect(ids).toEqual(expect.arrayContaining(['recraft/recraftv3', 'recraft/recraftv4_1', 'gpt-image-1']));
  });

  it('finds one whose name has a slash', async () => {
    await expect(client.models.retrieve('recraft/recraftv3')).resolves.toMatchObject({
      id: 'recraft/recraftv3',
      object: 'model',
    });
  });

  it('is told that one does not exist', async () => {
    await expect(client.models.retrieve('recraft/no such')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
  });
});

describe("OpenAI's client gets its own errors", () => {
  const drawing = (over: object = {}) => client.images.generate({ prompt: 'a fox', ...over });

  it.each<[fact: string, make: () => Promise<unknown>, kind: ErrorClass, members: object]>([
    [
      'AuthenticationError for a wrong key',
      () => client.withOptions({ apiKey: 'sk-wrong' }).images.generate({ prompt: 'a fox' }),
      OpenAI.AuthenticationError,
      { status: 401, code: 'invalid_api_key' },
    ],
    [
      'BadRequestError that names the field',
      () => drawing({ n: 7 }),
      OpenAI.BadRequestError,
      { status: 400, code: 'integer_above_max_value', param: 'n', type: 'invalid_request_error' },
    ],
    [
      'BadRequestError for a value of the wrong type',
      () => drawing({ n: 'two' }),
      OpenAI.BadRequestError,
      { status: 400, code: 'invalid_type', param: 'n' },
    ],
    [
      'NotFoundError for an unknown model',
      () => drawing({ model: 'no-such-model' }),
      OpenAI.NotFoundError,
      { status: 404, code: 'model_not_found', param: 'model' },
    ],
  ])('%s', async (_fact, make, kind, members) => {
    const failure = await make().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(kind);
    expect(failure).toMatchObject({ ...members, requestID: expect.stringMatching(/^req_/) as unknown });
  });

  it('RateLimitError where Recraft has had too many requests', async () => {
    sandbox.fault({ status: 429, body: { code: 'rate_limit_exceeded', message: 'Slow down' }, times: 1 });
    const failure = await drawing().catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OpenAI.RateLimitError);
    expect(failure).toMatchObject({ status: 429, code: 'rate_limit_exceeded' });
  });

  it('tries again by itself after 429', async () => {
    sandbox.fault({ status: 429, body: { message: 'Slow down' }, times: 1 });
    const { data } = await client.withOptions({ maxRetries: 1 }).images.generate({ prompt: 'a fox' });
    expect(data).toHaveLength(1);
    expect(sandbox.requests().map(({ status }) => status)).toEqual([429, 200]);
  });
});

describe("OpenAI's client for Azure", () => {
  let azure: AzureOpenAI;
  beforeAll(() => {
    azure = new AzureOpenAI({ endpoint: gateway.url, apiKey: gateway.key, apiVersion: '2025-04-01-preview' });
  });

  it('makes pictures with the model of its path', async () => {
    const { data } = await azure.images.generate({ model: 'recraftv3', prompt: 'a fox' });
    expect(data).toHaveLength(1);
    expect(fields()).toMatchObject({ model: 'recraftv3', prompt: 'a fox' });
  });

  it('edits pictures', async () => {
    const deployed = new AzureOpenAI({
      endpoint: gateway.url,
      deployment: 'recraftv3',
      apiKey: gateway.key,
      apiVersion: '2025-04-01-preview',
    });
    const { data } = await deployed.images.edit({ prompt: 'winter', image: await toFile(picture, 'fox.png') });
    expect(data).toHaveLength(1);
    expect(fields()).toMatchObject({ model: 'recraftv3', image: digestOf(picture) });
  });
});
