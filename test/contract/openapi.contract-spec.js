import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createApp } from '../../dist/app.setup.js';
import { readSettings } from '../../dist/config/read-settings.js';
import { FAULTS } from '../../dist/errors/gateway-error.js';
import { describeApi } from '../../dist/openapi/document.js';
import { Sandbox } from '../../dist/sandbox/sandbox.js';

jest.setTimeout(30_000);

const PUBLISHED = 'docs/openapi.json';
const KEY = 'sk-1234';

let sandbox;
let app;
let url;
let document;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 1_000 });
  app = await createApp(
    readSettings({
      RECRAFT_API_KEY: 'test',
      RECRAFT_API_BASE: sandbox.url,
      MASTER_KEY: KEY,
      LOG_LEVEL: 'silent',
      DATABASE_URL: 'none',
    }),
  );
  await app.listen(0, '127.0.0.1');
  url = await app.getUrl();
  document = JSON.parse(JSON.stringify(describeApi(app)));
});

afterAll(async () => {
  await app.close();
  await sandbox.close();
});

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })),
  );

const operation = (id) => operations().find(({ operationId }) => operationId === id);

describe('The published contract', () => {
  it.each(['generations', 'edits', 'variations'])("has the same bodies under Azure's path of %s", (name) => {
    const { requestBody } = document.paths[`/openai/deployments/{model}/images/${name}`].post;
    expect(Object.keys(requestBody.content).sort()).toEqual(['application/json', 'multipart/form-data']);
    expect(requestBody).toEqual(document.paths[`/v1/images/${name}`].post.requestBody);
  });

  it('is what the code says (refresh docs/openapi.json with: npm run openapi)', async () => {
    expect(document).toEqual(JSON.parse(await readFile(PUBLISHED, 'utf8')));
  });

  it("passes Redocly's recommended rules without an error or a warning", async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['node_modules/@redocly/cli/bin/cli.js', 'lint', PUBLISHED, '--format=json'],
      { env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' } },
    ).catch((failure) => failure);
    const { totals, problems } = JSON.parse(stdout);

    expect({ errors: totals.errors, warnings: totals.warnings, problems }).toEqual({
      errors: 0,
      warnings: 0,
      problems: [],
    });
  });

  it('is served at /openapi.json', async () => {
    expect(await (await fetch(`${url}/openapi.json`)).json()).toEqual(document);
  });
});

describe('Every operation', () => {
  it('wants a key where the contract says so, and nowhere else', async () => {
    const answers = await Promise.all(
      operations().map(async ({ path, method, security }) => {
        const { status } = await fetch(url + path.replace('{model}', 'm').replace('{id}', 'm'), { method });
        return { path, wantsKey: security.length > 0, refused: status === 401 };
      }),
    );

    expect(answers.filter(({ wantsKey, refused }) => wantsKey !== refused)).toEqual([]);
  });

  it('documents its own codes and no unknown ones', () => {
    const known = Object.values(FAULTS).map(({ status, code }) => `${status} ${code}`);
    const examples = operations().flatMap(({ responses }) =>
      Object.entries(responses).flatMap(([status, { content }]) =>
        Object.values(content?.['application/json']?.examples ?? {})
          .filter(({ value }) => value.error)
          .map(({ value }) => ({ status: Number(status), code: value.error.code })),
      ),
    );

    expect(examples.length).toBeGreaterThan(0);
    for (const { status, code } of examples) expect(known).toContain(`${status} ${code}`);
  });

  it('answers with no code that is written outside the table of faults', async () => {
    const files = (await readdir('src', { recursive: true })).filter(
      (file) => file.endsWith('.ts') && !/\.spec\.ts$|^sandbox|gateway-error\.ts$/.test(file),
    );
    const codes = await Promise.all(
      files.map(async (file) => {
        const text = await readFile(join('src', file), 'utf8');
        return [...text.matchAll(/\bcode: '\w+'/g)].map(([found]) => `${file}: ${found}`);
      }),
    );

    expect(files.length).toBeGreaterThan(100);
    expect(codes.flat()).toEqual([]);
  });

  it('is one of the routes the gateway answers to, and no route of the API is left out', () => {
    const routes = app
      .getHttpAdapter()
      .getInstance()
      .router.stack.filter(({ route }) => route && !/^\/($|docs|openapi)/.test(route.path))
      .map(({ route }) => route.path.replace(/[*:](\w+)/, '{$1}'));
    const withoutTwins = routes.filter(
      (path) => !/^\/(images|models|model|styles|prompts|colors|users|usage)(\/|$)|liveness$|^\/v1\/status$/.test(path),
    );

    expect(Object.keys(document.paths).sort()).toEqual([...new Set(withoutTwins)].sort());
  });
});

describe('Every field', () => {
  it('is described', () => {
    const fields = Object.entries(document.components.schemas).flatMap(([schema, { properties }]) =>
      Object.entries(properties).map(([field, { description }]) => ({ name: `${schema}.${field}`, description })),
    );

    expect(fields.filter(({ description }) => !description).map(({ name }) => name)).toEqual([]);
  });

  it.each([
    'GenerateImage',
    'GenerateImageForm',
    'EditImageForm',
    'EditImageJson',
    'Color',
    'Controls',
    'TextLayoutItem',
  ])('of %s has an example, but for files and for what is made of fields that have theirs', (schema) => {
    const { properties } = document.components.schemas[schema];
    const isExemplary = ({ example, format, allOf, oneOf, items, $ref }) =>
      example !== undefined || format === 'binary' || [allOf, oneOf, $ref, items?.$ref, items?.oneOf].some(Boolean);

    const lacking = Object.entries(properties).filter(([, field]) => !isExemplary(field));
    expect(lacking.map(([name]) => name)).toEqual([]);
  });

  it('of the styles and of the wait for a slot is there, with its bounds', () => {
    const { GenerateImage, EditImageJson } = document.components.schemas;
    const links = {
      type: 'array',
      minItems: 1,
      maxItems: 10,
      items: { type: 'string', pattern: '^(https?://|data:)' },
    };
    expect(GenerateImage.properties.style_reference_urls).toMatchObject(links);
    for (const { properties } of [GenerateImage, EditImageJson]) {
      expect(properties.style_match.enum).toEqual(['precise', 'flexible', 'regular']);
      expect(properties.block_nsfw).toMatchObject({ type: 'boolean' });
    }
    for (const id of ['createImage', 'createImageEdit']) {
      expect(operation(id).responses['200'].headers).toHaveProperty('x-queue-time-ms');
    }
    expect(document.components.securitySchemes.bearer.bearerFormat).toBe('API key');
  });

  it('that counts something is an integer', () => {
    const { GenerateImage, ImagesAnswer } = document.components.schemas;

    expect(GenerateImage.properties.n).toMatchObject({ type: 'integer', minimum: 1, maximum: 6, default: 1 });
    expect(GenerateImage.properties.random_seed).toMatchObject({ type: 'integer', minimum: 0, maximum: 4_294_967_295 });
    expect(ImagesAnswer.properties.created).toMatchObject({ type: 'integer' });
  });

  it('that is not documented is allowed where it goes to Recraft', () => {
    const { GenerateImage, EditImageForm, EditImageJson } = document.components.schemas;

    for (const schema of [GenerateImage, EditImageForm, EditImageJson]) expect(schema.additionalProperties).toBe(true);
  });
});

describe('A generation', () => {
  it.each(['createImage', 'createImageInDeployment'])('may come as a form with pictures for its style: %s', (id) => {
    const { content } = operation(id).requestBody;
    expect(Object.keys(content)).toEqual(['application/json', 'multipart/form-data']);
    expect(content['multipart/form-data'].schema).toEqual({ $ref: '#/components/schemas/GenerateImageForm' });
    const { properties, required, additionalProperties } = document.components.schemas.GenerateImageForm;
    expect(properties.style_references).toMatchObject({ type: 'string', format: 'binary' });
    expect(properties.controls).toMatchObject({ type: 'string' });
    expect([required, additionalProperties]).toEqual([['prompt'], true]);
  });
});
