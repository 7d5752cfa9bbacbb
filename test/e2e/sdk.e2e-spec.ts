import { Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { GatewayError, imageEdit, imageGeneration, type PictureInput, SettingsError } from '../../src/sdk/index.js';
import { aPicture, digestOf, kindOf } from '../support/pictures.js';

let sandbox: Sandbox;
let picture: Buffer;
const environment = { ...process.env };

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
  picture = await aPicture();
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.reset();
  process.env = { ...environment, RECRAFT_API_KEY: 'key-of-the-environment', RECRAFT_API_BASE: sandbox.url };
});
afterEach(() => {
  process.env = environment;
});

const fields = (): unknown => sandbox.requests().at(-1)?.fields;
const failureOf = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

describe('imageGeneration', () => {
  it('answers what Recraft answers, base64 as well as links', async () => {
    const answer = await imageGeneration({ prompt: 'a fox', model: 'recraft/recraftv3', response_format: 'b64_json' });
    expect(answer).toEqual({
      created: expect.any(Number) as unknown,
      credits: 40,
      data: [{ image_id: expect.any(String) as unknown, b64_json: expect.any(String) as unknown }],
    });
    expect(await kindOf(Buffer.from(answer.data[0]?.b64_json ?? '', 'base64'))).toBe('webp');
  });

  it("hands Recraft's own parameters on, and those it does not know", async () => {
    const extras = { controls: { colors: [{ rgb: [255, 0, 0] }] }, random_seed: 7, a_field_of_tomorrow: [1] };
    await imageGeneration({ prompt: 'a fox', ...extras });
    expect(fields()).toMatchObject(extras);
  });

  it('makes a jpeg, which Recraft does not', async () => {
    const { data } = await imageGeneration({ prompt: 'a fox', output_format: 'jpeg' });
    expect(await kindOf(Buffer.from(data[0]?.b64_json ?? '', 'base64'))).toBe('jpeg');
  });

  it('uses the account it is given before that of the environment', async () => {
    await using other = await Sandbox.start();
    await imageGeneration({ prompt: 'a fox', api_key: 'key-of-the-call', api_base: other.url });
    expect(sandbox.requests()).toEqual([]);
    expect(other.requests()).toMatchObject([{ apiKeyLast4: 'call' }]);
    expect(other.requests()[0]?.fields).not.toHaveProperty('api_key');
  });
});

describe('imageEdit', () => {
  it.each<[kind: string, image: () => PictureInput | PictureInput[]]>([
    ['a Buffer', () => picture],
    ['a Uint8Array', () => new Uint8Array(picture)],
    ['a Blob', () => new Blob([new Uint8Array(picture)])],
    ['a File', () => new File([new Uint8Array(picture)], 'fox.png')],
    ['a stream', () => Readable.from([picture.subarray(0, 100), picture.subarray(100)])],
    ['a data URL', () => `data:image/png;base64,${picture.toString('base64')}`],
    ['a list of one', () => [picture]],
  ])('takes %s', async (_kind, image) => {
    const { data } = await imageEdit({ model: 'recraft/recraftv3', prompt: 'winter', image: image(), strength: 0.4 });
    expect(data).toHaveLength(1);
    expect(fields()).toMatchObject({ strength: '0.4', image: { type: 'image/png', ...digestOf(picture) } });
  });

  it('takes the background away where a second charge is allowed, and refuses to where not', async () => {
    const options = {
      model: 'recraft/recraftv3',
      prompt: 'winter',
      image: picture,
      background: 'transparent',
    } as const;
    expect(await failureOf(imageEdit(options))).toMatchObject({ param: 'background' });
    expect(sandbox.requests()).toEqual([]);
    process.env['ALLOW_SECOND_CHARGE'] = 'true';
    const { data } = await imageEdit({ ...options, response_format: 'b64_json', api_key: 'key-with-second-charges' });
    expect(sandbox.requests().map(({ path }) => path)).toEqual([
      '/v1/images/imageToImage',
      '/v1/images/removeBackground',
    ]);
    expect(await kindOf(Buffer.from(data[0]?.b64_json ?? '', 'base64'))).toMatch(/png|webp/);
  });

  it('leaves a link to Recraft', async () => {
    const { data } = await imageGeneration({ prompt: 'a fox' });
    const image = data[0]?.url ?? '';
    await imageEdit({ prompt: 'winter', image });
    expect(fields()).toMatchObject({ image_url: image });
  });

  it('hands on what a stream failed with', async () => {
    const broken = new Readable({ read: () => broken.destroy(new Error('the disk is gone')) });
    await expect(imageEdit({ prompt: 'winter', image: broken })).rejects.toThrow('the disk is gone');
  });

  it('reads no more of a stream than a picture may have', async () => {
    process.env['MAX_IMAGE_BYTES'] = '1000';
    process.env['RECRAFT_API_KEY'] = 'key-of-small-pictures';
    const endless = new Readable({ read: () => endless.push(Buffer.alloc(600)) });
    const failure = await failureOf(imageEdit({ prompt: 'winter', image: endless }));
    expect(failure).toMatchObject({ fault: 'tooLarge', param: 'image' });
    expect(endless.destroyed).toBe(true);
  });
});

describe('What fails', () => {
  it.each<[fact: string, call: () => Promise<unknown>, members: object]>([
    [
      'an unknown model',
      () => imageGeneration({ model: 'no-such-model', prompt: 'a fox' }),
      { fault: 'unknownModel', status: 404, param: 'model', code: 'model_not_found' },
    ],
    [
      'too many pictures',
      () => imageGeneration({ prompt: 'a fox', n: 7 }),
      { fault: 'aboveMaximum', status: 400, param: 'n' },
    ],
    [
      'a missing prompt',
      () => imageGeneration({ model: 'recraftv3' } as never),
      { fault: 'missingParameter', status: 400, param: 'prompt' },
    ],
    [
      'no request at all',
      () => imageGeneration(...([] as unknown as [never])),
      { fault: 'missingParameter', param: 'prompt', message: expect.stringContaining('as an object') as unknown },
    ],
    [
      'a text for a request',
      () => imageEdit('a fox' as never),
      { fault: 'missingParameter', param: 'prompt', message: expect.stringContaining('as an object') as unknown },
    ],
    [
      'a missing picture',
      () => imageEdit({ prompt: 'winter' } as never),
      { fault: 'missingParameter', status: 400, param: 'image' },
    ],
    [
      'two pictures',
      () => imageEdit({ prompt: 'winter', image: [picture, picture] }),
      { fault: 'invalidValue', status: 400, param: 'image' },
    ],
    [
      'bytes that are no picture',
      () => imageEdit({ prompt: 'winter', image: Buffer.from('no picture') }),
      { fault: 'unknownPictureKind', status: 400, param: 'image' },
    ],
    [
      'something that is no picture at all',
      () => imageEdit({ prompt: 'winter', image: 42 as never }),
      { fault: 'invalidType', status: 400, param: 'image' },
    ],
    [
      'a stream of events, which needs a connection',
      () => imageGeneration({ prompt: 'a fox', stream: true }),
      { fault: 'unsupportedParameter', status: 400, param: 'stream' },
    ],
  ])('%s is refused with a GatewayError before Recraft is asked', async (_fact, call, members) => {
    const failure = await failureOf(call());
    expect(failure).toBeInstanceOf(GatewayError);
    expect(failure).toMatchObject(members);
    expect(sandbox.requests()).toEqual([]);
  });

  it("is Recraft's trouble: a GatewayError as well", async () => {
    sandbox.fault({ status: 500, times: 1 });
    const failure = await failureOf(imageGeneration({ prompt: 'a fox' }));
    expect(failure).toBeInstanceOf(GatewayError);
    expect(failure).toMatchObject({ fault: 'upstreamFailed', status: 502 });
  });

  it('is the missing key: an error that names the variable, until it is set', async () => {
    delete process.env['RECRAFT_API_KEY'];
    const failure = await failureOf(imageGeneration({ prompt: 'a fox' }));
    expect(failure).toBeInstanceOf(SettingsError);
    expect(failure).toMatchObject({ message: expect.stringContaining('RECRAFT_API_KEY') as unknown });
    process.env['RECRAFT_API_KEY'] = 'key-of-the-environment';
    await expect(imageGeneration({ prompt: 'a fox' })).resolves.toMatchObject({ data: [{}] });
  });
});

describe('A signal', () => {
  it('that is aborted already sends nothing', async () => {
    const signal = AbortSignal.abort(new Error('too late'));
    await expect(imageGeneration({ prompt: 'a fox', signal })).rejects.toThrow('too late');
    expect(sandbox.requests()).toEqual([]);
  });

  it('ends the call with its own reason, and the work at Recraft', async () => {
    sandbox.configure({ latencyMs: 60_000 });
    const leaving = new AbortController();
    const failure = failureOf(imageGeneration({ prompt: 'a fox', signal: leaving.signal }));
    const { id } = await sandbox.nextRequest();
    const reason = new Error('the user closed the window');
    leaving.abort(reason);
    expect(await failure).toBe(reason);
    expect(await sandbox.ended(id)).toMatchObject({ aborted: true });
  });
});
