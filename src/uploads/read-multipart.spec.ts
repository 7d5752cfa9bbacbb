import { describe, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { type BodyServer, type ReadAnswer, startBodyServer } from '../../test/support/body-server.js';
import { aPicture } from '../../test/support/pictures.js';
import { RawClient } from '../../test/support/raw-client.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const TYPE = 'multipart/form-data; boundary=frontier';
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interface Part {
  readonly name: string;
  readonly content: string | Uint8Array;
  /** Rest of the content-disposition line, for instance `; filename="a.png"`. */
  readonly disposition?: string;
  readonly type?: string;
}

const file = (name: string, content: string | Uint8Array, over: Partial<Part> = {}): Part => ({
  name,
  content,
  disposition: '; filename="a.png"',
  type: 'image/png',
  ...over,
});

function formOf(...parts: Part[]): Buffer {
  const pieces = parts.flatMap(({ name, content, disposition = '', type }) => [
    Buffer.from(`--frontier\r\ncontent-disposition: form-data; name="${name}"${disposition}\r\n`),
    Buffer.from(type === undefined ? '\r\n' : `content-type: ${type}\r\n\r\n`),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...pieces, Buffer.from('--frontier--\r\n')]);
}

function post(server: BodyServer, body: Buffer | ReadableStream, type = TYPE): Promise<Response> {
  const sent = body instanceof ReadableStream ? body : new Uint8Array(body);
  const init = { method: 'POST', body: sent, headers: { 'content-type': type }, duplex: 'half' };
  return fetch(`${server.url}/form`, init as RequestInit);
}

async function send(server: BodyServer, ...parts: Part[]): Promise<ReadAnswer> {
  const response = await post(server, formOf(...parts));
  expect(response.status).toBe(200);
  return (await response.json()) as ReadAnswer;
}

async function errorOf(response: Response): Promise<Record<string, unknown>> {
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  return { status: response.status, ...error };
}

const HALF_SENT_BYTES = 2_000_000;
const HALF_SENT_HEAD = '--frontier\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n';

/** A form that stops in the middle of its only file. */
async function sendHalf(server: BodyServer, fileBytes: number): Promise<RawClient> {
  const client = await RawClient.connect(server.url);
  client.send(`POST /form HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPE}\r\ncontent-length: ${HALF_SENT_BYTES}\r\n\r\n`);
  return client.send(HALF_SENT_HEAD).send(Buffer.alloc(fileBytes));
}

/** Resolves as soon as the server holds this many bytes. */
async function received(server: BodyServer, bytes: number): Promise<void> {
  while (server.budget.inUse < bytes) await new Promise(setImmediate);
}

async function expectNothingLeft(server: BodyServer): Promise<void> {
  expect(server.budget.inUse).toBe(0);
  expect(await server.temporaryFiles()).toEqual([]);
}

describe('a form', () => {
  it.each(['first', 'between', 'last'])('may have its file %s', async (place) => {
    await using server = await startBodyServer();
    const picture = await aPicture();
    const at = { first: 0, between: 1, last: 2 }[place] ?? 0;
    const parts: Part[] = [
      { name: 'prompt', content: 'winter' },
      { name: 'n', content: '2' },
    ];
    const answer = await send(server, ...parts.toSpliced(at, 0, file('image', picture)));
    expect(answer).toEqual({
      fields: { prompt: 'winter', n: '2' },
      files: [
        { param: 'image', bytes: picture.length, format: 'png', width: 256, height: 256, sha256: sha256(picture) },
      ],
    });
    await expectNothingLeft(server);
  });

  it('keeps its files in order and in the spelling they came in, whatever they are called and said to be', async () => {
    await using server = await startBodyServer();
    const picture = await aPicture();
    const answer = await send(
      server,
      file('image[]', picture, { type: 'application/octet-stream', disposition: '; filename="../../etc/passwd"' }),
      file('image[]', 'no picture', { disposition: '; filename="%0d%0a;\u202e\\.png"' }),
      file('mask', picture, { type: 'text/html', disposition: '; filename="blob"' }),
    );
    expect(answer.files.map(({ param, format }) => [param, format])).toEqual([
      ['image[]', 'png'],
      ['image[]', undefined],
      ['mask', 'png'],
    ]);
    await expectNothingLeft(server);
  });

  it('may have a file without a name; an empty one is an unused file input', async () => {
    await using server = await startBodyServer();
    const nameless = { type: 'application/octet-stream', disposition: '' };
    const unused = { type: 'application/octet-stream', disposition: '; filename=""' };
    const answer = await send(server, file('image', 'bytes', nameless), file('mask', '', unused));
    expect(answer.files).toEqual([{ param: 'image', bytes: 5, sha256: sha256(Buffer.from('bytes')) }]);
  });

  it('keeps the order of fields that only their order explains', async () => {
    await using server = await startBodyServer();
    const rgb = (values: number[]): Part[] =>
      values.map((value) => ({ name: 'controls[colors][][rgb][]', content: String(value) }));
    const weight = (content: string): Part => ({ name: 'controls[colors][][weight]', content });
    const parts = [...rgb([255, 0, 0]), weight('0.25'), ...rgb([0, 128, 255]), weight('0.75')];
    expect((await send(server, ...parts)).fields).toEqual({
      controls: {
        colors: [
          { rgb: [255, 0, 0], weight: 0.25 },
          { rgb: [0, 128, 255], weight: 0.75 },
        ],
      },
    });
  });

  it('may come without a length, a boundary in every possible place of a chunk', async () => {
    await using server = await startBodyServer();
    const content = randomBytes(200);
    const body = formOf(file('image', content), { name: 'prompt', content: 'zwei\r\nZeilen ☃' });
    for (const size of [1, 7, 64]) {
      const chunks = Array.from({ length: Math.ceil(body.length / size) }, (_, i) =>
        body.subarray(i * size, (i + 1) * size),
      );
      const response = await post(server, ReadableStream.from(chunks) as ReadableStream);
      expect(await response.json()).toEqual({
        fields: { prompt: 'zwei\nZeilen ☃' },
        files: [{ param: 'image', bytes: 200, sha256: sha256(content) }],
      });
    }
    await expectNothingLeft(server);
  });

  it('is counted and kept in a file without a name until it is disposed of', async () => {
    await using server = await startBodyServer({ imageBytes: 8 * MIB });
    const content = randomBytes(5 * MIB);
    const body = formOf(file('image', content));
    const release = server.hold();
    const pending = post(server, body);
    await received(server, body.length);
    const files = await server.temporaryFiles();
    expect(files).toHaveLength(1);
    expect(files[0]).toContain('(deleted)');
    release();
    expect(await (await pending).json()).toMatchObject({ files: [{ bytes: content.length, sha256: sha256(content) }] });
    await expectNothingLeft(server);
  });

  it('is asked for by a server whose client waits for a go-ahead', async () => {
    await using server = await startBodyServer();
    using client = await RawClient.connect(server.url);
    const body = formOf({ name: 'prompt', content: 'x' });
    const head = `POST /form HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPE}\r\ncontent-length: ${body.length}\r\n`;
    await client.send(`${head}expect: 100-continue\r\n\r\n`).until('100 Continue\r\n\r\n');
    expect(await client.send(body).until('}')).toContain('"prompt":"x"');
  });
});

describe('a form that cannot be read', () => {
  const wrong = 'unsupported_media_type';
  const invalid = 'invalid_multipart';

  it.each([
    ['another type', 'application/json', 415, wrong, 'multipart/form-data'],
    ['another multipart', 'multipart/mixed; boundary=frontier', 415, wrong, 'multipart/form-data'],
    ['no boundary', 'multipart/form-data', 400, invalid, 'boundary'],
    ['another boundary', 'multipart/form-data; boundary=other', 400, invalid, 'closing boundary'],
  ])('is refused for %s', async (_what, type, status, code, message) => {
    await using server = await startBodyServer();
    const error = await errorOf(await post(server, formOf({ name: 'a', content: 'b' }), type));
    expect(error).toMatchObject({ status, code, message: expect.stringContaining(message) as unknown });
  });

  it.each([
    ['nothing', '', 'closing boundary'],
    ['half a part', '--frontier\r\ncontent-disposition: form-data; name="a"\r\n\r\nval', 'closing boundary'],
    [
      'half a file',
      '--frontier\r\ncontent-disposition: form-data; name="a"; filename="b"\r\n\r\nval',
      'closing boundary',
    ],
    ['a broken header', '--frontier\r\n\x00: x\r\n\r\nvalue\r\n--frontier--\r\n', 'malformed header'],
    ['a part without a name', '--frontier\r\ncontent-disposition: form-data\r\n\r\nx\r\n--frontier--\r\n', 'no name'],
  ])('is refused for %s', async (_what, body, message) => {
    await using server = await startBodyServer();
    const error = await errorOf(await post(server, Buffer.from(body)));
    expect(error).toMatchObject({ status: 400, code: invalid, message: expect.stringContaining(message) as unknown });
    await expectNothingLeft(server);
  });

  it('is refused without a body', async () => {
    await using server = await startBodyServer();
    using client = await RawClient.connect(server.url);
    client.send(`POST /form HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPE}\r\n\r\n`);
    expect(await client.until('no body')).toContain('400 Bad Request');
  });

  it.each([
    ['a text in an unknown charset', { name: 'prompt', content: 'x', type: 'text/plain; charset=klingon' }, 'prompt'],
    ['a name nested too deeply', { name: 'a[b][c][d][e][f][g]', content: 'x' }, 'a[b][c][d][e][f][g]'],
    ['an enormous index', { name: 'a[4294967294]', content: 'x' }, 'a[4294967294]'],
    ['a name nobody may use', { name: '__proto__', content: 'x' }, '__proto__'],
    ['a name that reaches into a prototype', { name: 'a[constructor][prototype][b]', content: 'x' }, undefined],
    ['an endless name', { name: 'x'.repeat(300), content: 'x' }, null],
  ])('is refused for %s', async (_what, part, param) => {
    await using server = await startBodyServer();
    const error = await errorOf(await post(server, formOf(file('image', randomBytes(100 * KIB)), part)));
    expect(error).toMatchObject({ status: 400, code: invalid, ...(param !== undefined && { param }) });
    await expectNothingLeft(server);
  });

  it.each([
    ['too many files', Array.from({ length: 21 }, () => file('image[]', randomBytes(40 * KIB)))],
    ['too many parts', Array.from({ length: 1_001 }, (_, index) => ({ name: `f${index}`, content: 'x' }))],
  ])('is refused for %s', async (_what, parts) => {
    await using server = await startBodyServer();
    const error = await errorOf(await post(server, formOf(...parts)));
    expect(error).toMatchObject({ status: 400, code: invalid });
    await expectNothingLeft(server);
  });
});

describe('a form that is too large', () => {
  it.each([
    ['a file', file('image', Buffer.alloc(2 * MIB + 1)), 'image', 'image is larger than 2 MiB.'],
    ['a text', { name: 'prompt', content: 'x'.repeat(64 * KIB + 1) }, 'prompt', 'prompt is longer than 64 KiB.'],
  ])('is refused for %s, by name', async (_what, part, param, message) => {
    await using server = await startBodyServer();
    const error = await errorOf(await post(server, formOf(file('mask', randomBytes(100 * KIB)), part)));
    expect(error).toMatchObject({ status: 413, code: 'request_too_large', param, message });
    await expectNothingLeft(server);
  });

  it('takes a file and a text that are as large as they may be', async () => {
    await using server = await startBodyServer();
    const largest = [file('image', Buffer.alloc(2 * MIB)), { name: 'prompt', content: 'x'.repeat(64 * KIB) }];
    expect((await send(server, ...largest)).files[0]?.bytes).toBe(2 * MIB);
  });

  it('is refused for all its texts together', async () => {
    await using server = await startBodyServer();
    const texts = Array.from({ length: 5 }, (_, index) => ({ name: `f${index}`, content: 'x'.repeat(60 * KIB) }));
    expect(await errorOf(await post(server, formOf(...texts)))).toMatchObject({ status: 413, param: 'f4' });
    await expectNothingLeft(server);
  });

  it('is refused by its declared length before a byte of it is read', async () => {
    await using server = await startBodyServer();
    using client = await RawClient.connect(server.url);
    client.send(`POST /form HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPE}\r\ncontent-length: 99999999999\r\n\r\n`);
    expect(await client.until('larger than')).toContain('413 Payload Too Large');
  });

  it('is refused in the middle of a file, and its connection serves the next request', async () => {
    await using server = await startBodyServer({ imageBytes: 100 * KIB });
    using client = await sendHalf(server, 120 * KIB);
    expect(await client.until('larger than')).toContain('413 Payload Too Large');
    await expectNothingLeft(server);

    client.send(Buffer.alloc(HALF_SENT_BYTES - HALF_SENT_HEAD.length - 120 * KIB));
    const next = formOf({ name: 'prompt', content: 'next' });
    client.send(`POST /form HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPE}\r\ncontent-length: ${next.length}\r\n\r\n`);
    expect(await client.send(next).until('"next"')).toContain('200 OK');
  });

  it('is cut off after its answer if it goes on and on', async () => {
    await using server = await startBodyServer({ imageBytes: 100 * KIB });
    using client = await RawClient.connect(server.url);
    const piece = `100000\r\n${' '.repeat(MIB)}\r\n`;
    const closed = new Promise((resolve) => client.socket.once('close', resolve));
    client.send(`POST /form HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPE}\r\ntransfer-encoding: chunked\r\n\r\n`);
    client.send(`${HALF_SENT_HEAD.length.toString(16)}\r\n${HALF_SENT_HEAD}\r\n`).send(piece);
    expect(await client.until('larger than')).toContain('413 Payload Too Large');
    const goOn = (error?: Error | null): void => {
      if (!error) client.socket.write(piece, goOn);
    };
    goOn();
    await closed;
    expect(client.socket.bytesWritten).toBeLessThan(64 * MIB);
    await expectNothingLeft(server);
  });
});

describe('forms in flight', () => {
  it('are answered 503 where the budget is used up, and leave nothing behind', async () => {
    await using server = await startBodyServer({ uploadBytesInFlight: 3 * MIB });
    const release = server.hold();
    const body = formOf(file('image', randomBytes(1900 * KIB)));
    const first = post(server, body);
    await received(server, body.length);
    const second = await post(server, body);
    expect(second.headers.get('retry-after')).toBe('2');
    expect(await errorOf(second)).toMatchObject({ status: 503, code: 'server_is_overloaded' });
    expect(server.budget.inUse).toBe(body.length);
    expect(await server.temporaryFiles()).toHaveLength(1);
    release();
    expect((await first).status).toBe(200);
    await expectNothingLeft(server);
  });

  it('of clients that leave in the middle are given up without a trace', async () => {
    await using server = await startBodyServer();
    const failure = server.nextFailure();
    using client = await sendHalf(server, 1200 * KIB);
    await received(server, 1200 * KIB);
    client.leave();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    await expectNothingLeft(server);
  });

  it('of clients that leave after a file and before the next part are given up without a trace', async () => {
    await using server = await startBodyServer();
    const failure = server.nextFailure();
    using client = await RawClient.connect(server.url);
    const whole = formOf(file('image', randomBytes(600 * KIB)));
    const head = `POST /form HTTP/1.1\r\nhost: x\r\ncontent-type: ${TYPE}\r\ncontent-length: ${whole.length + 9}\r\n\r\n`;
    client.send(head).send(whole);
    await received(server, whole.length);
    client.leave();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    await expectNothingLeft(server);
  });

  it('come and go by the dozen', async () => {
    await using server = await startBodyServer();
    const contents = Array.from({ length: 24 }, () => randomBytes(700 * KIB));
    const answers = await Promise.all(contents.map((content) => send(server, file('image', content))));
    expect(answers.map(({ files }) => files[0]?.sha256)).toEqual(contents.map(sha256));
    await expectNothingLeft(server);
  });
});
