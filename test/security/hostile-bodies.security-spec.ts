import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { gzipSync, brotliCompressSync, constants } from 'node:zlib';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { UploadBudget } from '../../src/uploads/upload-budget.js';
import { expectError, type ExpectedError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPngHeader, manyFrames } from '../support/hostile-pictures.js';
import { aPicture, digestOf } from '../support/pictures.js';

const GENERATIONS = '/v1/images/generations';
const EDITS = '/v1/images/edits';
const MIB = 1024 * 1024;
/** A refusal takes milliseconds, or a second where 20 MB arrive first; this is for a machine that is busy. */
const SOON_MS = 5_000;

jest.setTimeout(30_000);

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
  gateway = await startGateway(sandbox, { NORMALISE_IMAGES: 'true' });
});

afterEach(() => {
  sandbox.reset();
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

/** Sends what must be refused soon and for nothing; gives the message. */
async function expectRefusal(send: () => Promise<Response>, expected: Omit<ExpectedError, 'status'>, status = 400) {
  const startedAt = performance.now();
  const message = await expectError(await send(), { status, ...expected });
  expect(performance.now() - startedAt).toBeLessThan(SOON_MS);
  // Nothing was bought, and nothing is kept.
  expect(sandbox.requests()).toEqual([]);
  expect(gateway.get(UploadBudget).inUse).toBe(0);
  return message;
}

type Field = readonly [name: string, value: string | Uint8Array];

function form(fields: Iterable<Field>): Promise<Response> {
  const parts = [...fields].flatMap(([name, value]) => {
    const file = typeof value === 'string' ? '' : '; filename="a"';
    return [`--b\r\ncontent-disposition: form-data; name="${name}"${file}\r\n\r\n`, value, '\r\n'];
  });
  const body = Buffer.concat([...parts, '--b--\r\n'].map((part) => Buffer.from(part as string)));
  return gateway.call(EDITS, { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=b' }, body });
}

const json = (text: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}): Promise<Response> =>
  gateway.call(GENERATIONS, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  });

const repeated = (count: number, field: (index: number) => Field): Field[] =>
  Array.from({ length: count }, (_, index) => field(index));

describe('A form', () => {
  it.each([
    ['of 20,000 texts', repeated(20_000, (index) => [`a${index}`, 'x']), 'more than 1000 parts'],
    ['of 20,000 texts of one name', repeated(20_000, () => ['n[]', '1']), 'more than 1000 parts'],
    ['of 2,000 files', repeated(2_000, (index) => [`image${index}`, Buffer.from('x')]), 'more than 20 files'],
    ['with a name of 100,000 characters', [['a'.repeat(100_000), 'x']], 'malformed header'],
    ['with a name of 5,000 characters', [['a'.repeat(5_000), 'x']], 'longer than 200 bytes'],
  ] as [string, Field[], string][])('%s is refused', async (_, fields, why) => {
    expect(await expectRefusal(() => form(fields), { code: 'invalid_multipart' })).toContain(why);
  });

  it.each([
    ['deep nesting', `a${'[b]'.repeat(60)}`],
    ['a list of a billion', 'controls[1000000000]'],
    ['__proto__', '__proto__[polluted]'],
    ['__proto__ further down', 'controls[__proto__][polluted]'],
    ['constructor', 'constructor[prototype][polluted]'],
  ])('with %s in a name is refused', async (_, name) => {
    const response = await form([[name, 'yes']]);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param: name } });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(sandbox.requests()).toEqual([]);
  });

  it('of a boundary that nearly ends a million times is read once', async () => {
    const body = Buffer.from('--b\r\ncontent-disposition: form-data; name="prompt"\r\n\r\n' + '\r\n--'.repeat(250_000));
    const headers = { 'content-type': 'multipart/form-data; boundary=b' };
    await expectRefusal(() => gateway.call(EDITS, { method: 'POST', headers, body }), { code: 'invalid_multipart' });
  });
});

describe('A JSON body', () => {
  it.each([
    ['of a million open brackets', '['.repeat(1_000_000), 'invalid_json'],
    ['of a hundred thousand nested lists', `{"prompt":${'['.repeat(100_000)}${']'.repeat(100_000)}}`, 'invalid_value'],
    [
      'of a hundred thousand nested objects',
      `{"prompt":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`,
      'invalid_value',
    ],
  ])('%s is refused', async (_, text, code) => {
    await expectRefusal(() => json(text), { code, param: code === 'invalid_json' ? null : 'prompt' });
  });

  it.each([
    '{"__proto__":{"polluted":1}}',
    '{"a":{"__proto__":{"polluted":1}}}',
    '{"extra_body":{"constructor":{"x":1}}}',
  ])('with a name that reaches into a prototype is refused: %s', async (text) => {
    const response = await json(text);
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: 'invalid_value' } }]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    ['gzip', (zeros: Buffer) => gzipSync(zeros)],
    ['br', (zeros: Buffer) => brotliCompressSync(zeros, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })],
  ] as const)(
    'that unpacks to 400 MiB is refused before it has: %s',
    async (encoding, pack) => {
      const bomb = new Uint8Array(pack(Buffer.alloc(400 * MIB, ' ')));
      const before = process.memoryUsage().rss;
      await expectRefusal(() => json(bomb, { 'content-encoding': encoding }), { code: 'request_too_large' }, 413);
      expect(process.memoryUsage().rss - before).toBeLessThan(200 * MIB);
    },
    20_000,
  );
});

describe('A picture', () => {
  const asUrl = (bytes: Uint8Array): string => `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
  const edit = (fields: object) => () => gateway.post(EDITS, { prompt: 'a fox', ...fields });
  const invalid = { type: 'image_generation_user_error', code: 'invalid_image_file' };

  it.each([
    ['of 900 megapixels', () => aPngHeader(30_000, 30_000), 'this one is 30000x30000'],
    ['of 4.6 gigapixels', () => aPngHeader(2 ** 16, 70_000), 'this one is 65536x70000'],
    ['of a million frames', () => manyFrames(1_000_000), 'cannot be read'],
  ])(
    '%s is refused undecoded',
    async (_, make, why) => {
      const before = process.memoryUsage().rss;
      expect(await expectRefusal(edit({ image: asUrl(make()) }), { ...invalid, param: 'image' })).toContain(why);
      expect(process.memoryUsage().rss - before).toBeLessThan(400 * MIB);
    },
    20_000,
  );

  it('and a mask of 900 megapixels are refused undecoded', async () => {
    const claims = asUrl(aPngHeader(30_000, 30_000));
    await using plain = await startGateway(sandbox);
    const response = await plain.post(EDITS, { prompt: 'a fox', image: claims, mask: claims });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { param: 'mask', message: 'The mask must have at most 32 megapixels; it has 30000x30000.' } },
    ]);
  });

  it('that is a packed drawing is refused, and not drawn', async () => {
    const drawing = gzipSync('<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"/>');
    await expectRefusal(edit({ image: asUrl(drawing) }), { ...invalid, param: 'image' });
    await expectRefusal(edit({ image: asUrl(await aPicture()), mask: asUrl(drawing) }), { ...invalid, param: 'mask' });
  });

  it('that is a drawing with a script goes to Recraft byte by byte: nothing here draws or runs it', async () => {
    const drawing = Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><script>alert(1)</script></svg>',
    );
    const response = await gateway.post(EDITS, { prompt: 'a fox', image: asUrl(drawing) });
    // Recraft itself refuses it, and so does the sandbox.
    expect([response.status, await response.json()]).toMatchObject([400, { error: { code: 'invalid_image_format' } }]);
    expect(JSON.stringify(sandbox.requests()[0]?.fields)).toContain(digestOf(drawing).sha256);
  });
});
