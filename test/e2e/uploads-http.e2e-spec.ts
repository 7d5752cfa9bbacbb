import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture, digestOf } from '../support/pictures.js';

const EDITS = '/v1/images/edits';
const IMAGE_TO_IMAGE = '/v1/images/imageToImage';
const ANSWER = { created: 1, credits: 35, data: [{ url: 'https://example.com/fox' }] };

let sandbox: Sandbox;
let gateway: RunningGateway;
let picture: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
  gateway = await startGateway(sandbox);
  picture = new Uint8Array(await aPicture());
});

afterEach(() => {
  sandbox.reset();
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

type Part = readonly [name: string, value: string | Blob];

function formOf(...parts: readonly Part[]): FormData {
  const form = new FormData();
  for (const [name, value] of parts) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, value, 'source');
  }
  return form;
}

const file = (type = 'image/png') => new Blob([picture], { type });
const prompt: Part = ['prompt', SECRET_PROMPT];

const edit = (body: FormData) => gateway.call(EDITS, { method: 'POST', body });

/** What Recraft got for an edit that is sure to be answered. */
async function fieldsOf(send: () => Promise<Response>): Promise<Readonly<Record<string, unknown>>> {
  sandbox.fault({ path: IMAGE_TO_IMAGE, body: ANSWER });
  const response = await send();
  expect({ status: response.status, body: await response.json() }).toEqual({ status: 200, body: ANSWER });
  return (await sandbox.nextRequest()).fields;
}

describe('The picture of a form', () => {
  it.each(['image', 'image[]', 'image[0]', 'images[]', 'images'])('is found as %s', async (name) => {
    const fields = await fieldsOf(() => edit(formOf(prompt, [name, file()])));
    expect(fields['image']).toEqual({ name: 'image.png', type: 'image/png', ...digestOf(picture) });
  });

  it.each([
    ['first', [['image', 'file'], prompt, ['model', 'recraft/recraftv3']]],
    ['in the middle', [prompt, ['image', 'file'], ['model', 'recraft/recraftv3']]],
    ['last', [prompt, ['model', 'recraft/recraftv3'], ['image', 'file']]],
  ] as const)('may come %s', async (_, parts) => {
    const form = formOf(...parts.map(([name, value]): Part => [name, value === 'file' ? file() : value]));
    const fields = await fieldsOf(() => edit(form));
    expect(fields).toMatchObject({ prompt: SECRET_PROMPT, model: 'recraftv3', image: digestOf(picture) });
  });

  it.each(['application/octet-stream', 'text/plain', 'image/gif', ''])(
    'is told by its bytes, not as %j',
    async (type) => {
      const fields = await fieldsOf(() => edit(formOf(prompt, ['image', file(type)])));
      expect(fields['image']).toMatchObject({ name: 'image.png', type: 'image/png' });
    },
  );

  it('may come in a body of unknown length', async () => {
    const { body, headers } = new Response(formOf(prompt, ['image', file()]));
    const contentType = { 'content-type': String(headers.get('content-type')) };
    const init = { headers: contentType, body, duplex: 'half' } as RequestInit;
    const fields = await fieldsOf(() => gateway.call(EDITS, { method: 'POST', ...init }));
    expect(fields['image']).toMatchObject(digestOf(picture));
  });

  it.each([
    [
      'twice',
      [
        ['image', 'a'],
        ['image', 'b'],
      ],
    ],
    [
      'as a list',
      [
        ['image[]', 'a'],
        ['image[]', 'b'],
      ],
    ],
    [
      'under two names',
      [
        ['image', 'a'],
        ['images[]', 'b'],
      ],
    ],
  ] as const)('may not come with another: %s', async (_, parts) => {
    const form = formOf(prompt, ...parts.map(([name]): Part => [name, file()]));
    const message = await expectError(await edit(form), { status: 400, code: 'invalid_value', param: 'image' });
    expect(message).toContain('2 were sent');
    expect(sandbox.requests()).toEqual([]);
  });

  it('has to be there', async () => {
    const expected = { status: 400, code: 'missing_required_parameter', param: 'image' };
    await expectError(await edit(formOf(prompt)), expected);
  });

  it.each([
    ['mask', 'image_generation_user_error', 'invalid_image_file'],
    ['mask[]', 'image_generation_user_error', 'invalid_image_file'],
    ['markup', 'invalid_request_error', 'unsupported_parameter'],
  ])('may not come with a %s that is opaque or unknown', async (name, type, code) => {
    const form = formOf(prompt, ['image', file()], [name, file()]);
    await expectError(await edit(form), { status: 400, type, code, param: name });
    expect(sandbox.requests()).toEqual([]);
  });
});

describe('The picture of a JSON body', () => {
  const dataUrl = () => `data:image/png;base64,${Buffer.from(picture).toString('base64')}`;
  const post = (fields: object) => gateway.post(EDITS, { prompt: SECRET_PROMPT, ...fields });

  it.each([
    ['a data URL', () => ({ image: dataUrl() })],
    ['a data URL of no type', () => ({ image: dataUrl().replace('image/png', 'application/octet-stream') })],
    ['image_url', () => ({ image_url: dataUrl() })],
    ['OpenAI’s list', () => ({ images: [{ image_url: dataUrl() }] })],
    ['a list of one', () => ({ image: [dataUrl()] })],
  ])('may be %s', async (_, fields) => {
    expect((await fieldsOf(() => post(fields())))['image']).toMatchObject({ type: 'image/png', ...digestOf(picture) });
  });

  it.each([{ image: 'https://example.com/fox.png' }, { images: [{ image_url: 'https://example.com/fox.png' }] }])(
    'may be a link, which Recraft fetches: %j',
    async (fields) => {
      expect(await fieldsOf(() => post(fields))).toMatchObject({ image_url: 'https://example.com/fox.png' });
    },
  );

  it.each([
    [{ images: [{ file_id: 'file-1' }] }, 'unsupported_parameter', 'images[0].file_id'],
    [{ images: [{ image_url: 'https://x/1' }, { image_url: 'https://x/2' }] }, 'invalid_value', 'image'],
    [{ image: 'fox.png' }, 'invalid_value', 'image'],
    [{ image: 'file:///etc/passwd' }, 'invalid_value', 'image'],
    [{ image: 17 }, 'invalid_type', 'image'],
    [{ image: 'https://x/1', mask: 'https://x/2' }, 'unsupported_value', 'mask'],
    [{}, 'missing_required_parameter', 'image'],
    [{ image: null }, 'missing_required_parameter', 'image'],
  ])('is refused by name: %j', async (fields, code, param) => {
    await expectError(await post(fields), { status: 400, code, param });
    expect(sandbox.requests()).toEqual([]);
  });
});

describe('Nested fields of a form', () => {
  const CONTROLS = {
    colors: [{ rgb: [255, 0, 0] }, { rgb: [0, 128, 255] }],
    background_color: { rgb: [1, 2, 3] },
    no_text: true,
    artistic_level: 2,
  };
  const flattened: readonly Part[] = [
    ...[255, 0, 0, 0, 128, 255].map((value): Part => ['controls[colors][][rgb][]', String(value)]),
    ...[1, 2, 3].map((value): Part => ['controls[background_color][rgb][]', String(value)]),
    ['controls[no_text]', 'true'],
    ['controls[artistic_level]', '2'],
  ];
  const indexed: readonly Part[] = [
    ...CONTROLS.colors.flatMap(({ rgb }, color) =>
      rgb.map((value, index): Part => [`controls[colors][${color}][rgb][${index}]`, String(value)]),
    ),
    ...CONTROLS.background_color.rgb.map((value): Part => ['controls[background_color][rgb][]', String(value)]),
    ['controls[no_text]', 'true'],
    ['controls[artistic_level]', '2'],
  ];

  it.each([
    ['as JSON', [['controls', JSON.stringify(CONTROLS)] as const]],
    ['flattened', flattened],
    ['with indexes', indexed],
  ])('reach Recraft with their types: %s', async (_, parts) => {
    const scalars: Part[] = [
      ['n', '2'],
      ['strength', '0.35'],
      ['random_seed', '7'],
      ['model', 'recraft/recraftv3'],
    ];
    const fields = await fieldsOf(() => edit(formOf(prompt, ...scalars, ...parts, ['image', file()])));
    const { image_url, image, ...rest } = fields;
    expect(rest).toEqual({
      prompt: SECRET_PROMPT,
      model: 'recraftv3',
      n: 2,
      strength: 0.35,
      random_seed: 7,
      response_format: 'url',
      controls: CONTROLS,
    });
    expect(image_url ?? image).toMatchObject(digestOf(picture));
  });

  it.each([
    ['controls', '[object Object]', 'invalid_type'],
    ['controls', '{"no_text":', 'invalid_type'],
    ['n', 'two', 'invalid_type'],
    ['strength', 'much', 'invalid_type'],
    ['strength', '1.5', 'integer_above_max_value'],
    ['stream', 'maybe', 'invalid_type'],
  ])('and others are refused by name: %s=%s', async (param, value, code) => {
    const response = await edit(formOf(prompt, ['image', file()], [param, value]));
    await expectError(response, { status: 400, code, param });
    expect(sandbox.requests()).toEqual([]);
  });
});
