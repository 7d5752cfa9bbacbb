import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import sharp from 'sharp';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';

/** Recraft's published document lies beside the project, not in it: it states no licence. */
const DOCUMENT = resolve('../shared/reference/recraft-openapi.json');

if (!existsSync(DOCUMENT)) {
  process.stderr.write(`The gateway was not compared with Recraft's OpenAPI document: ${DOCUMENT} is missing.\n`);
}
const whereDocumented = existsSync(DOCUMENT) ? describe : describe.skip;

type Method = 'get' | 'post' | 'delete';

interface Published {
  readonly paths: Readonly<Record<string, Readonly<Partial<Record<Method, PublishedOperation>>>>>;
}

interface PublishedOperation {
  readonly operationId: string;
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

const document = existsSync(DOCUMENT) ? (JSON.parse(readFileSync(DOCUMENT, 'utf8')) as Published) : { paths: {} };

const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  (Object.entries(methods) as [Method, PublishedOperation][]).map(([method, operation]) => ({
    path,
    method,
    operation,
    id: operation.operationId,
  })),
);

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

whereDocumented("Every operation of Recraft's published document", () => {
  let sandbox: Sandbox;
  let gateway: RunningGateway;
  let fields: Readonly<Record<string, unknown>>;
  const ajv = new Ajv({ strict: false, allErrors: true });
  // The package is CommonJS with a default export: its types and its value disagree about where the function is.
  formats.default(ajv);
  ajv.addSchema(document, 'recraft');

  beforeAll(async () => {
    sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 10_000_000 });
    gateway = await startGateway(sandbox);
    const urlOf = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;
    fields = {
      prompt: 'a fox',
      strength: 0.5,
      size: '1:1',
      image_url: urlOf(await aPicture()),
      mask_url: urlOf(await aPicture({ color: '#fff' })),
      image_urls: [urlOf(await aPicture())],
      similarity: 2,
      colors: [{ hex: '#336699' }],
      num_colors_limit: 1,
      response_format: 'b64_json',
    };
  });
  afterAll(async () => {
    await gateway.close();
    await sandbox.close();
  });

  async function ask(origin: string, method: Method, path: string, body: object): Promise<Answer> {
    const response = await fetch(origin + path, {
      method: method.toUpperCase(),
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
      ...(method === 'post' && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    // Recraft's probe answers nothing, in so many words.
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) };
  }

  /** What has to be there before: a style to read or delete, a sketch to sketch alike. */
  async function prepared(id: string, path: string): Promise<{ path: string; body: object }> {
    if (path.includes('{style_id}')) {
      const { body } = await ask(sandbox.url, 'post', '/v1/styles', fields);
      return { path: path.replace('{style_id}', String(body['id'])), body: {} };
    }
    if (id === 'ExploreSimilar') {
      const { body } = await ask(sandbox.url, 'post', '/v1/images/explore', { prompt: 'a fox' });
      const [first] = body['data'] as { image_id: string }[];
      return { path, body: { ...fields, source_image_id: first?.image_id } };
    }
    return { path, body: fields };
  }

  /** The kinds and sizes of an answer's pictures. */
  async function kindsOf({ body }: Answer): Promise<string[]> {
    const pictures = (body['image'] === undefined ? (body['data'] ?? []) : [body['image']]) as { b64_json?: string }[];
    const files = pictures.filter(({ b64_json }) => b64_json !== undefined);
    return Promise.all(
      files.map(async ({ b64_json = '' }) => {
        const { format, width, height } = await sharp(Buffer.from(b64_json, 'base64')).metadata();
        return `${format} ${width}x${height}`;
      }),
    );
  }

  it.each(operations)(
    '$id ($method $path): the gateway answers as Recraft does',
    async ({ path, method, operation, id }) => {
      const frame = id === 'OutpaintImage' ? { size: '16:9' } : {};
      const first = await prepared(id, path);
      const direct = await ask(sandbox.url, method, first.path, { ...first.body, ...frame });
      const second = await prepared(id, path);
      const through = await ask(gateway.url, method, second.path, { ...second.body, ...frame });

      expect([through.status, direct.status]).toEqual([200, 200]);
      const success = operation.responses['200'] ?? operation.responses['default'];
      const schema = success?.content?.['application/json']?.schema ?? {};
      const validate = ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"recraft#/')) as object);
      for (const answer of [direct, through]) {
        validate(answer.body);
        expect(validate.errors).toBeNull();
      }
      expect(Object.keys(through.body).toSorted()).toEqual(expect.arrayContaining(Object.keys(direct.body)));
      expect(await kindsOf(through)).toEqual(await kindsOf(direct));
    },
  );
});
