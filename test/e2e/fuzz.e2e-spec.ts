import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { Agent } from 'undici';
import { aPicture } from '../support/pictures.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';

/** Cases of each kind; together more than 20,000. */
const CASES = 5_500;
const SEED = 20_261_124;

const PATHS = [
  'generations', 'edits', 'variations', 'generations/raster', 'generations/vector', 'imageToImage', 'inpaint', 'outpaint',
  'replaceBackground', 'generateBackground', 'vectorize', 'removeBackground', 'crispUpscale', 'creativeUpscale', 'enhance',
  'eraseRegion', 'variateImage', 'explore', 'explore/similar',
].map((path) => `/v1/images/${path}`); // prettier-ignore
const ROUTES = [...PATHS, '/v1/styles', '/v1/prompts/enhance', '/v1/colors/optimize'];

const NAMES = [
  'prompt', 'model', 'n', 'size', 'response_format', 'style', 'substyle', 'style_id', 'negative_prompt', 'controls',
  'text_layout', 'random_seed', 'image_format', 'output_format', 'strength', 'image', 'image_url', 'mask', 'mask_url',
  'images', 'file', 'style_references', 'style_reference_urls', 'expand_left', 'zoom_out_percentage', 'similarity',
  'source_image_id', 'colors', 'num_colors_limit', 'background', 'quality', 'stream', 'extra_body', 'user', 'image_urls',
  'palette', '__proto__', 'constructor', 'toString', '', 'a[b]', 'controls[colors][][rgb][]', 'n[]', 'é', 'x'.repeat(300),
]; // prettier-ignore

/** Values that nearly fit, beside whatever JSON can say. */
const value = fc.oneof(
  { weight: 3, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  fc.constantFrom<unknown>(
    'recraftv3',
    'recraft/recraftv4_1',
    'gpt-image-1',
    '1:1',
    '1024x1024',
    'auto',
    'b64_json',
    'url',
    'multipart',
  ),
  fc.constantFrom<unknown>(
    'https://x/y.png',
    'data:image/png;base64,AAAA',
    'data:,',
    'data:image/png;base64,',
    'http://',
    1,
    0.5,
  ),
  fc.integer(),
  fc.double(),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom<unknown>(
    { colors: [{ rgb: [1, 2, 3] }] },
    { colors: [{ rgb: [1, 2] }] },
    [{ text: 'A', bbox: [] }],
    null,
    [],
    {},
  ),
);
const fields = fc.dictionary(fc.constantFrom(...NAMES), value, { maxKeys: 8 });

/** Satisfies every route, so that what is spoiled is looked at behind the first checks too. */
let right: Readonly<Record<string, unknown>>;
let upstream: Server;
/** One for each form of bytes between the gateway and Recraft, and one that decodes pictures; requests take turns. */
let gateways: readonly RunningGateway[];
let turn = 0;
const dispatcher = new Agent({ connections: 32 });

beforeAll(async () => {
  const asUrl = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;
  const url = asUrl(await aPicture());
  right = {
    prompt: 'a fox', strength: 0.5, expand_left: 20, similarity: 2, source_image_id: '0f4e7a52-6c1d-4b83-9e2a-5d7c81b09f36',
    colors: [{ hex: '#ffffff' }], num_colors_limit: 1, image_url: url, image_urls: [url],
    mask_url: asUrl(await aPicture({ color: '#fff' })),
  }; // prettier-ignore
  // A Recraft that takes everything: whatever the gateway lets through is answered at once, in the form it was asked for.
  upstream = createServer((request, response) => {
    const asForm = request.headers.accept?.includes('multipart') ?? false;
    request.resume();
    request.once('end', () => {
      const answer = { created: 1, credits: 1, data: [{ image_id: 'a', url: 'https://x' }] };
      const isPicture = request.url?.startsWith('/v1/images/') ?? false;
      if (asForm && isPicture) response.writeHead(200, { 'content-type': 'multipart/form-data; boundary=b' }).end(formAnswer(answer));
      else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...answer, data: [{ ...answer.data[0], b64_json: 'AAAA' }] }));
    });
  }).listen(0, '127.0.0.1'); // prettier-ignore
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;
  const address = { url: `http://127.0.0.1:${port}` };
  gateways = [
    await startGateway(address),
    await startGateway(address, { UPSTREAM_RESPONSE_FORMAT: 'multipart' }),
    await startGateway(address, { NORMALISE_IMAGES: 'true' }),
  ];
});

afterAll(async () => {
  await dispatcher.close();
  await Promise.all(gateways.map((gateway) => gateway.close()));
  upstream.close();
});

/** Gives the status. */
async function send(path: string, contentType: string, body: Uint8Array | string): Promise<number> {
  const gateway = gateways[turn++ % gateways.length];
  const { statusCode, body: answer } = await dispatcher.request({
    origin: gateway?.url ?? '',
    path,
    method: 'POST',
    headers: { authorization: `Bearer ${gateway?.key ?? ''}`, 'content-type': contentType },
    body,
  });
  const text = await answer.text();
  if (statusCode === 200) return statusCode;
  expect(statusCode).toBeLessThan(500);
  const { error, ...recrafts } = JSON.parse(text) as { error: Record<string, unknown> };
  expect(Object.keys(error).toSorted()).toEqual(['code', 'message', 'param', 'type']);
  expect(typeof error['message']).toBe('string');
  expect(error['param'] === null || typeof error['param'] === 'string').toBe(true);
  expect(recrafts).toEqual({ code: error['code'], message: error['message'] });
  expect(typeof error['code']).toBe('string');
  return statusCode;
}

function formAnswer(document: object): string {
  const head = (name: string): string => `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n`;
  return `${head('response')}${JSON.stringify(document)}\r\n${head('a')}fox\r\n--b--\r\n`;
}

const BOUNDARY = 'fuzz';

interface Part {
  readonly head: string;
  readonly body: string;
}

const part: fc.Arbitrary<Part> = fc.record({
  head: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...NAMES).map((name) => `content-disposition: form-data; name="${name}"`) },
    { weight: 4, arbitrary: fc.constantFrom(...NAMES).map((name) => `content-disposition: form-data; name="${name}"; filename="a.png"\r\ncontent-type: image/png`) },
    fc.string({ maxLength: 40 }),
  ),
  body: fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.constantFrom('\x89PNG\r\n\x1a\n', '<svg width="300" height="300"/>', '{"colors":[]}', '1', '[object Object]')),
}); // prettier-ignore

function formOf(parts: readonly Part[], ending: string): Buffer {
  const text = parts.map(({ head, body }) => `--${BOUNDARY}\r\n${head}\r\n\r\n${body}\r\n`).join('');
  return Buffer.from(text + ending);
}

const expectOfAll = async <T>(property: fc.IAsyncProperty<T>, cases = CASES): Promise<void> => {
  await fc.assert(property, {
    numRuns: cases,
    seed: SEED,
    interruptAfterTimeLimit: 100_000,
    markInterruptAsFailure: true,
  });
};

describe('What nothing is wrong with', () => {
  it.each(ROUTES)('is answered, whichever gateway takes it: %s', async (path) => {
    const statuses = await Promise.all(gateways.map(() => send(path, 'application/json', JSON.stringify(right))));
    expect(statuses).toEqual([200, 200, 200]);
  });
});

/** A rejection that nobody handles fails the test it happens in: jest listens for them itself. */
describe('Whatever is sent, the answer is in the envelope and below 500', () => {
  it('JSON with fields of the API and anything in them', async () => {
    await expectOfAll(
      fc.asyncProperty(fc.constantFrom(...ROUTES), fields, async (path, body) => {
        await send(path, 'application/json', JSON.stringify(body));
      }),
    );
  }, 120_000);

  it('requests that would be right, with up to three fields spoiled', async () => {
    const spoiled = fc.dictionary(fc.constantFrom(...NAMES.filter((name) => !name.endsWith('_url'))), value, {
      maxKeys: 3,
    });
    await expectOfAll(
      fc.asyncProperty(fc.constantFrom(...ROUTES), spoiled, async (path, spoil) => {
        await send(path, 'application/json', JSON.stringify({ ...right, ...spoil }));
      }),
    );
  }, 120_000);

  it('forms that would be right, with files under any name and up to three fields spoiled', async () => {
    const file = (await aPicture()).toString('latin1');
    const mask = (await aPicture({ color: '#fff' })).toString('latin1');
    const files = fc.array(fc.constantFrom('style_references', 'style_references[]', 'image', 'mask', 'file', 'files', 'x'), { maxLength: 12 });
    const texts = fc.dictionary(fc.constantFrom(...NAMES.slice(0, 15)), fc.oneof(fc.constantFrom('multipart', 'b64_json', 'recraftv4_styles', '1', '[]'), fc.string({ maxLength: 20 })), { maxKeys: 3 });
    await expectOfAll(
      fc.asyncProperty(fc.constantFrom(...ROUTES), files, texts, async (path, names, spoil) => {
        const fields = Object.entries({ prompt: 'a fox', strength: '0.5', expand_left: '20', response_format: 'multipart', ...spoil });
        const words = fields.map(([name, word]) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${word}\r\n`);
        const parts = names.map((name) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"; filename="a.png"\r\n\r\n${name === 'mask' ? mask : file}\r\n`);
        await send(path, `multipart/form-data; boundary=${BOUNDARY}`, Buffer.from(`${words.join('')}${parts.join('')}--${BOUNDARY}--\r\n`, 'latin1'));
      }),
      2_000,
    );
  }, 120_000); // prettier-ignore

  it('forms whole and broken', async () => {
    const ending = fc.constantFrom(`--${BOUNDARY}--\r\n`, '', `--${BOUNDARY}--`, `--${BOUNDARY}\r\n`, '\r\n');
    await expectOfAll(
      fc.asyncProperty(
        fc.constantFrom(...ROUTES),
        fc.array(part, { maxLength: 6 }),
        ending,
        async (path, parts, end) => {
          await send(path, `multipart/form-data; boundary=${BOUNDARY}`, formOf(parts, end));
        },
      ),
    );
  }, 120_000);

  it('bytes of no kind under every content type', async () => {
    const type = fc.constantFrom('application/json', `multipart/form-data; boundary=${BOUNDARY}`, 'multipart/form-data', 'text/plain', 'application/json; charset=utf-16', 'image/png'); // prettier-ignore
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.json().map((text) => Buffer.from(text)),
      fc.string({ maxLength: 60 }).map((text) => Buffer.from(`{"prompt":"${text}`)),
    );
    await expectOfAll(
      fc.asyncProperty(fc.constantFrom(...ROUTES), type, bytes, async (path, as, body) => {
        await send(path, as, body);
      }),
    );
  }, 120_000);
});
