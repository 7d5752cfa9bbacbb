import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../dist/app.setup.js';
import { readSettings } from '../../dist/config/read-settings.js';
import { describeApi } from '../../dist/openapi/document.js';
import { withEmptyFormFields } from '../../dist/openapi/form-fields.js';
import { HOUSE } from '../../dist/openapi/picture-examples.js';
import { SKY } from '../../dist/openapi/recraft-examples.js';
import { Sandbox } from '../../dist/sandbox/sandbox.js';

// The sandbox really draws every example, and the database starts with the gateway.
jest.setTimeout(60_000);

const MASTER_KEY = 'sk-1234';

let sandbox;
let folder;
let app;
let url;
let paths;
let shown;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 1_000_000 });
  folder = await mkdtemp(join(tmpdir(), 'image-gateway-examples-'));
  app = await createApp(
    readSettings({
      RECRAFT_API_KEY: 'test',
      RECRAFT_API_BASE: sandbox.url,
      MASTER_KEY,
      DATA_DIR: folder,
      LOG_LEVEL: 'silent',
    }),
  );
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
  const document = describeApi(app);
  ({ paths } = document);
  shown = withEmptyFormFields(document).paths;
});

afterAll(async () => {
  await app.close();
  await sandbox.close();
  await rm(folder, { recursive: true });
});

beforeEach(() => {
  sandbox.reset();
});

async function send(path, method, body) {
  const isForm = body instanceof FormData;
  const answer = await fetch(url + path.replace('{model}', 'recraft%2Frecraftv3'), {
    method,
    headers: { authorization: `Bearer ${MASTER_KEY}`, ...(!isForm && { 'content-type': 'application/json' }) },
    body: isForm ? body : JSON.stringify(body),
  });
  return { status: answer.status, text: await answer.text() };
}

/** Every operation with a body of a kind, below a path. */
const operations = (all, kind) =>
  Object.entries(all).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, { requestBody }]) => requestBody?.content?.[kind])
      .map(([method, operation]) => ({ path, method: method.toUpperCase(), deprecated: operation.deprecated, content: operation.requestBody.content[kind] })),
  ); // prettier-ignore

const failed = (outcomes) => outcomes.filter(({ status }) => status < 200 || status > 299);

/** A key, for the examples that name one. */
async function aKey() {
  const { text } = await send('/key/generate', 'POST', {});
  return JSON.parse(text).key;
}

/** What an example names and everybody has to make first: a key, or a sketch. */
async function withWhatIsThere(value) {
  const made = { ...value };
  if (value.key) made.key = await aKey();
  if (value.keys) made.keys = [await aKey()];
  if (value.source_image_id) {
    const sketches = await send('/v1/images/explore', 'POST', { prompt: 'a logo' });
    made.source_image_id = JSON.parse(sketches.text).data[0].image_id;
  }
  return made;
}

describe('The JSON bodies of the contract', () => {
  it('are answered with success, every example of every route as it stands', async () => {
    const outcomes = [];
    for (const { path, method, content } of operations(paths, 'application/json')) {
      for (const [name, { value }] of Object.entries(content.examples ?? {})) {
        const key = path.includes('{key}') ? await aKey() : '';
        const { status, text } = await send(path.replace('{key}', key), method, await withWhatIsThere(value));
        outcomes.push({ path, name, status, text: status < 300 ? '' : text });
        if (path === '/log-level') await send(path, method, { level: 'silent' });
      }
    }
    expect(failed(outcomes)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(50);
  });

  it('have an example on every route', () => {
    const without = operations(paths, 'application/json').filter(({ content }) => !content.examples);
    expect(without.map(({ path }) => path)).toEqual([]);
  });

  it('say where the id of a sketch comes from, and refuse one that nobody made', async () => {
    const { sketch } = paths['/v1/images/explore/similar'].post.requestBody.content['application/json'].examples;
    expect(sketch.summary).toContain('explore');
    expect((await send('/v1/images/explore/similar', 'POST', sketch.value)).status).toBe(400);
  });
});

const fileOf = (dataUrl) => new Blob([Buffer.from(dataUrl.split(',')[1], 'base64')], { type: 'image/png' });

/** What Swagger UI has in a field before anybody touches it. */
const firstValue = ({ example, default: fallback }) => String(example ?? fallback ?? 'string');

/** A form as Swagger UI sends it with its files chosen and nothing else touched; optional files stay away. */
function untouched({ properties, required = [] }, fields = firstValue) {
  const form = new FormData();
  for (const [name, field] of Object.entries(properties)) {
    if (field.format !== 'binary') form.append(name, fields(field, required.includes(name)));
    else if (required.includes(name) || name === 'files') form.append(name, fileOf(name === 'mask' ? SKY : HOUSE), `${name}.png`);
  }
  return form;
} // prettier-ignore

describe('The forms of the contract', () => {
  it('can be sent from Swagger UI with nothing but their files chosen', async () => {
    const outcomes = [];
    for (const { path, method, content } of operations(shown, 'multipart/form-data')) {
      outcomes.push({ path, ...(await send(path, method, untouched(content.schema))) });
    }
    expect(failed(outcomes)).toEqual([]);
    expect(outcomes.length).toBeGreaterThan(20);
  });

  it('can be sent with every optional field empty, but where something has to be said', async () => {
    const outcomes = [];
    // Older names and Azure's paths have the same bodies.
    const isTwin = ({ path, deprecated }) => deprecated || path.startsWith('/openai/');
    for (const { path, method, content } of operations(shown, 'multipart/form-data').filter((one) => !isTwin(one))) {
      const form = untouched(content.schema, (field, isRequired) => (isRequired ? firstValue(field) : ''));
      outcomes.push({ path, ...(await send(path, method, form)) });
    }
    expect(failed(outcomes)).toEqual([{ path: '/v1/images/outpaint', status: 400, text: expect.any(String) }]);
    expect(JSON.parse(failed(outcomes)[0].text)).toMatchObject({ error: { param: 'size' } });
  });

  it('show each field in one piece and empty where it is optional, and leave the published document as it is', () => {
    for (const { content } of operations(shown, 'multipart/form-data')) {
      expect(content.schema).toMatchObject({ properties: expect.any(Object) });
      for (const field of Object.values(content.schema.properties)) expect(field).not.toHaveProperty('$ref');
    }
    expect(shown['/v1/styles'].post.requestBody.content['application/json']).toEqual(
      paths['/v1/styles'].post.requestBody.content['application/json'],
    );
  });
});
