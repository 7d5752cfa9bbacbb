/* OpenAI has retired response_format; its clients still send it. */
/* eslint-disable @typescript-eslint/no-deprecated */
import { pipeline, Readable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import OpenAI from 'openai';
import sharp from 'sharp';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { formParts } from '../support/form-parts.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture, kindOf } from '../support/pictures.js';
import { RawClient, rawPost } from '../support/raw-client.js';
import { startHttpServer } from '../support/servers.js';

const GENERATIONS = '/v1/images/generations';
const AS_FORM = { UPSTREAM_RESPONSE_FORMAT: 'multipart' };
const MIB = 1024 * 1024;

// Pictures are drawn and decoded in each of these tests.
jest.setTimeout(30_000);

let sandbox: Sandbox;
let gateway: RunningGateway;
let plain: RunningGateway;
let image_url: string;
let mask_url: string;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 10_000_000 });
  gateway = await startGateway(sandbox, { ...AS_FORM, ALLOW_SECOND_CHARGE: 'true' });
  plain = await startGateway(sandbox);
  const urlOf = (bytes: Buffer): string => `data:image/png;base64,${bytes.toString('base64')}`;
  image_url = urlOf(await aPicture({ width: 320, height: 300 }));
  mask_url = urlOf(await aPicture({ width: 320, height: 300, color: '#fff' }));
});
afterAll(async () => {
  await gateway.close();
  await plain.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.reset();
});

const OPERATIONS: readonly (readonly [path: string, needs: readonly string[], fields: object])[] = [
  ['generations', [], { prompt: 'a fox', n: 2 }],
  ['generations/raster', [], { prompt: 'a fox', image_format: 'png' }],
  ['generations/vector', [], { prompt: 'a fox' }],
  ['imageToImage', ['image'], { prompt: 'a fox', strength: 0.5 }],
  ['inpaint', ['image', 'mask'], { prompt: 'a fox' }],
  ['outpaint', ['image'], { prompt: 'a fox', expand_left: 20 }],
  ['replaceBackground', ['image'], { prompt: 'a fox' }],
  ['generateBackground', ['image', 'mask'], { prompt: 'a fox' }],
  ['variateImage', ['image'], { size: '1:1', n: 2 }],
  ['explore', [], { prompt: 'a fox' }],
  ['vectorize', ['image'], {}],
  ['removeBackground', ['image'], {}],
  ['crispUpscale', ['image'], {}],
  ['creativeUpscale', ['image'], {}],
  ['enhance', ['image'], {}],
  ['eraseRegion', ['image', 'mask'], {}],
];

const bodyOf = (needs: readonly string[], fields: object): object => ({
  ...fields,
  ...(needs.includes('image') && { image_url }),
  ...(needs.includes('mask') && { mask_url }),
});

interface Picture {
  readonly image_id: string;
  readonly b64_json?: string;
  readonly url?: string;
}
interface Answer {
  readonly credits: number;
  readonly data?: readonly Picture[];
  readonly image?: Picture;
}
const picturesOf = ({ data, image }: Answer): readonly Picture[] => data ?? (image ? [image] : []);
const bytesOf = (picture: Picture): Buffer => Buffer.from(picture.b64_json ?? '', 'base64');
const asked = (): unknown[] => sandbox.requests().map(({ fields }) => fields['response_format']);

describe.each(OPERATIONS)('With a form between the gateway and Recraft, %s', (path, needs, fields) => {
  const post = (from: RunningGateway, response_format: string) =>
    from.post(`/v1/images/${path}`, { ...bodyOf(needs, fields), response_format });

  it('answers the same base64 as with JSON', async () => {
    const [through, direct] = [await post(gateway, 'b64_json'), await post(plain, 'b64_json')];
    expect(asked()).toEqual(['multipart', 'b64_json']);
    const [answer, same] = [(await through.json()) as Answer, (await direct.json()) as Answer];
    expect(Object.keys(answer).toSorted()).toEqual(Object.keys(same).toSorted());
    expect(picturesOf(answer).map((one) => Object.keys(one))).toEqual(picturesOf(same).map((one) => Object.keys(one)));
    expect(picturesOf(answer).map(bytesOf)).toEqual(picturesOf(same).map(bytesOf));
    expect(Number(through.headers.get('x-litellm-response-cost'))).toBe(answer.credits / 1_000);
  });

  it('passes the files on as they are', async () => {
    const response = await post(gateway, 'multipart');
    const [first, ...files] = await formParts(response);
    const answer = JSON.parse(first?.bytes.toString() ?? '') as Answer;
    const same = picturesOf((await (await post(plain, 'b64_json')).json()) as Answer);
    expect(files.map(({ name }) => name)).toEqual(picturesOf(answer).map(({ image_id }) => image_id));
    expect(files.map(({ headers }) => headers['content-id'])).toEqual(files.map(({ name }) => name));
    expect(files.map(({ bytes }) => bytes)).toEqual(same.map(bytesOf));
    expect(Number(response.headers.get('x-litellm-response-cost'))).toBe(answer.credits / 1_000);
  });

  it('asks for links where the caller does', async () => {
    const answer = (await (await post(gateway, 'url')).json()) as Answer;
    expect(picturesOf(answer).every(({ url }) => url?.startsWith('http'))).toBe(true);
    expect(asked()).toEqual(['url']);
  });
});

describe("With a form between the gateway and Recraft, OpenAI's dialect", () => {
  const client = () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: gateway.key, maxRetries: 0 });

  it('streams events', async () => {
    const order = { prompt: 'a fox', n: 2, model: 'recraft/recraftv3', random_seed: 7 } as const;
    const { data = [] } = await client().images.generate({ ...order, response_format: 'b64_json' });
    const stream = await client().images.generate({ ...order, stream: true });
    const seen: unknown[] = [];
    for await (const event of stream) seen.push(event);
    expect(seen).toMatchObject(data.map(({ b64_json }) => ({ type: 'image_generation.completed', b64_json })));
    expect(seen).toHaveLength(2);
    expect(asked()).toEqual(['multipart', 'multipart']);
  });

  it('makes JPEGs', async () => {
    const { data = [] } = await client().images.generate({ prompt: 'a fox', output_format: 'jpeg' });
    expect(await kindOf(Buffer.from(data[0]?.b64_json ?? '', 'base64'))).toBe('jpeg');
    expect(asked()).toEqual(['multipart']);
  });

  it('makes backgrounds transparent', async () => {
    const body = { image: image_url, prompt: 'a cake', background: 'transparent', output_format: 'png' };
    const response = await gateway.post('/v1/images/edits', { ...body, response_format: 'b64_json' });
    const { data = [] } = (await response.json()) as Answer;
    expect((await sharp(Buffer.from(data[0]?.b64_json ?? '', 'base64')).metadata()).hasAlpha).toBe(true);
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.045');
    expect(asked()).toEqual(['multipart', 'multipart']);
  });

  it.each([
    [GENERATIONS, { stream: true }, 'response_format'],
    [GENERATIONS, { stream: true, output_format: 'jpeg' }, 'response_format'],
    ['/v1/images/edits', { background: 'transparent', output_format: 'jpeg' }, 'background'],
  ])('refuses files that cannot be: %s with %j', async (path, fields, param) => {
    const body = { prompt: 'a fox', image: image_url, response_format: 'multipart', ...fields };
    await expectError(await gateway.post(path, body), { status: 400, code: 'unsupported_value', param });
    expect(sandbox.requests()).toEqual([]);
  });

  it.each([
    [GENERATIONS, { output_format: 'jpeg', n: 2 }, ['jpeg', 'jpeg'], false],
    ['/v1/images/edits', { background: 'transparent', output_format: 'png' }, ['png'], true],
  ])('answers with files it has worked on: %s with %j', async (path, fields, kinds, hasAlpha) => {
    const body = { prompt: 'a fox', image: image_url, response_format: 'multipart', ...fields };
    const [first, ...files] = await formParts(await gateway.post(path, body));
    expect(first?.name).toBe('response');
    expect(files.map(({ headers }) => headers['content-type'])).toEqual(kinds.map((kind) => `image/${kind}`));
    const pictures = await Promise.all(files.map(({ bytes }) => sharp(bytes).metadata()));
    expect(pictures).toMatchObject(kinds.map((format) => ({ format, hasAlpha })));
  });

  it('answers files from JSON, too', async () => {
    const response = await plain.post(GENERATIONS, { prompt: 'a fox', n: 2, response_format: 'multipart' });
    const [, ...files] = await formParts(response);
    expect(await Promise.all(files.map(({ bytes }) => kindOf(bytes)))).toEqual(['webp', 'webp']);
    expect(asked()).toEqual(['b64_json']);
  });
});

const FORM_TYPE = 'multipart/form-data; boundary=b';
const head = (lines: string): string => `--b\r\n${lines}\r\n\r\n`;
const FIRST =
  head('content-disposition: form-data; name="response"') +
  JSON.stringify({ created: 1, credits: 40, data: [{ image_id: 'a' }] }) +
  `\r\n${head('content-disposition: form-data; name="a"')}`;
const SMALL = `${FIRST}fox\r\n--b--\r\n`;
const LARGE = `${FIRST}${'fox.'.repeat(100_000)}\r\n--b--\r\n`;

describe('A form from Recraft that is of no use', () => {
  const unusable = { status: 502, type: 'server_error', code: 'upstream_invalid_answer' };
  const broken = { status: 502, type: 'server_error', code: 'upstream_error' };
  const formats = ['b64_json', 'multipart'];
  const generate = (response_format: string) => gateway.post(GENERATIONS, { prompt: SECRET_PROMPT, response_format });

  it.each(formats)('is whole and small: comes through as %s', async (format) => {
    sandbox.fault({ body: SMALL, contentType: FORM_TYPE });
    const response = await generate(format);
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.04');
    const body = Buffer.from(await response.arrayBuffer());
    expect(response.headers.get('content-length')).toBe(String(body.length));
    const json = { created: 1, credits: 40, data: [{ image_id: 'a', b64_json: 'Zm94' }] };
    expect(format === 'multipart' ? body.toString() : JSON.parse(body.toString())).toEqual(
      format === 'multipart' ? SMALL : json,
    );
  });

  it.each(
    formats.flatMap((format) => [
      [format, 'an empty body', '', 'empty'],
      [format, 'garbage', 'x'.repeat(100_000), 'no form'],
      [format, 'a page', '<html>fine</html>', 'cut short'],
      [format, 'half of it', SMALL.slice(0, -12), 'cut short'],
      [format, 'no picture', SMALL.replace('name="a"', 'name="b"'), 'belongs to no picture'],
    ]),
  )('is a 502 as %s: %s', async (format, _what, body, why) => {
    sandbox.fault({ body, contentType: FORM_TYPE });
    expect(await expectError(await generate(format), unusable)).toContain(why);
  });

  it.each(formats.flatMap((format) => [0, 1, 60, 150].map((bytes) => [format, bytes] as const)))(
    'breaks the connection: a 502 as %s after %i bytes',
    async (format, dropAfterBytes) => {
      sandbox.fault({ body: SMALL, contentType: FORM_TYPE, dropAfterBytes });
      await expectError(await generate(format), broken);
    },
  );

  it.each(formats.flatMap((format) => [
    [format, { body: LARGE, dropAfterBytes: 200_000 }],
    [format, { body: LARGE.slice(0, 300_000) }],
    [format, { body: LARGE.slice(0, -8) }],
  ] as const))('reaches the client as an error once it has begun, as %s', async (format, fault) => {
    sandbox.fault({ contentType: FORM_TYPE, ...fault });
    const response = await generate(format);
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toMatchObject({ name: 'TypeError' });
  }); // prettier-ignore

  it.each(formats)('is a refusal in JSON, told as such to whoever wants %s', async (format) => {
    sandbox.fault({ status: 400, body: { code: 'odd', message: 'prompt length should be shorter' } });
    await expectError(await generate(format), { status: 400, code: 'odd', param: 'prompt' });
  });

  it('may be JSON all the same, where Recraft does not know better', async () => {
    const body = { created: 1, credits: 40, data: [{ image_id: 'a', b64_json: 'Zm94' }] };
    sandbox.fault({ body }, { body });
    expect(await (await generate('b64_json')).json()).toEqual(body);
    const [, file] = await formParts(await generate('multipart'));
    expect(file?.bytes.toString()).toBe('fox');
  });
});

/** Answers with a form of one picture of 64 MiB, as fast as it is taken. */
async function startLargeUpstream() {
  const sent = { bytes: 0 };
  function* answer(): Generator<string> {
    yield FIRST;
    for (const piece of Array<string>(256).fill('fox.'.repeat(MIB / 16))) {
      sent.bytes += piece.length;
      yield piece;
    }
    yield '\r\n--b--\r\n';
  }
  const server = await startHttpServer((request, response) => {
    request.resume();
    response.setHeader('content-type', FORM_TYPE);
    pipeline(Readable.from(answer()), response, () => undefined);
  });
  return Object.assign(server, { sent });
}

describe('A large form', () => {
  it.each([
    ['b64_json', 'b64_json":"', 85],
    ['multipart', 'name="a"', 64],
  ])('waits at Recraft while its reader does not read, and comes whole in the end: %s', async (format, begin, mebibytes) => {
    await using upstream = await startLargeUpstream();
    await using behind = await startGateway(upstream, AS_FORM);
    using client = await RawClient.connect(behind.url);
    const body = { prompt: SECRET_PROMPT, response_format: format };
    client.send(rawPost(GENERATIONS, behind.key, body, ['connection: close']));
    await client.until(begin);
    client.socket.pause();
    for (let before = -1; before !== upstream.sent.bytes;) {
      before = upstream.sent.bytes;
      for (let turn = 0; turn < 20; turn++) await (await behind.call('/health/liveliness')).text();
    }
    // What the kernel holds for two connections, and nothing near the whole of it.
    expect(upstream.sent.bytes).toBeLessThan(32 * MIB);
    client.socket.resume();
    const answer = await client.all();
    expect(answer.length).toBeGreaterThan(mebibytes * MIB);
    expect(answer.endsWith('0\r\n\r\n')).toBe(true);
  }); // prettier-ignore
});
