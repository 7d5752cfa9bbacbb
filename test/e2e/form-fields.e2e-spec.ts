import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';

let sandbox: Sandbox;
let gateway: RunningGateway;
let picture: Buffer;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 1_000_000 });
  gateway = await startGateway(sandbox);
  picture = await aPicture();
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

beforeEach(() => {
  sandbox.reset();
});

type Parts = Readonly<Record<string, Blob | string>>;

/** JSON as generated clients put it into a form: a file of its own type (recraft-api.md §4.1). */
const json = (value: unknown, type = 'application/json'): Blob => new Blob([JSON.stringify(value)], { type });
const text = (value: string): Blob => new Blob([value], { type: 'text/plain' });

function formOf(parts: Parts): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(parts)) {
    if (typeof value === 'string') form.set(name, value);
    else form.set(name, value, `${name}.json`);
  }
  return form;
}

const CONTROLS = { colors: [{ rgb: [255, 0, 0] }] };
const PALETTE = [[0, 0, 0], [255, 255, 255]]; // prettier-ignore

interface Sent {
  readonly path: string;
  readonly picture?: string;
  readonly fields: Parts;
  readonly arrives: Readonly<Record<string, unknown>>;
}

const CASES: readonly Sent[] = [
  { path: 'generations', fields: { prompt: 'x', controls: json(CONTROLS) }, arrives: { controls: CONTROLS } },
  { path: 'generations/raster', fields: { prompt: 'x', controls: json(CONTROLS) }, arrives: { controls: CONTROLS } },
  { path: 'generations/raster', fields: { prompt: text('x'), n: text('2') }, arrives: { prompt: 'x', n: 2 } },
  {
    path: 'generations/vector',
    fields: { prompt: 'x', controls: json(CONTROLS, 'application/octet-stream') },
    arrives: { controls: CONTROLS },
  },
  {
    path: 'imageToImage',
    picture: 'image',
    fields: { prompt: text('x'), strength: text('0.5'), controls: json(CONTROLS) },
    arrives: { prompt: 'x', strength: 0.5, controls: CONTROLS },
  },
  {
    path: 'edits',
    picture: 'image',
    fields: { prompt: 'x', controls: json(CONTROLS) },
    arrives: { controls: CONTROLS },
  },
  {
    path: 'vectorize',
    picture: 'anything',
    fields: { strict_color_palette: json(PALETTE) },
    arrives: { strict_color_palette: PALETTE },
  },
  { path: '../styles', picture: 'file1', fields: { palette: json(CONTROLS) }, arrives: { palette: CONTROLS } },
];

describe('A field of a form that comes as a file', () => {
  it.each(CASES)('is a field all the same: $path with $arrives', async ({ path, picture: name, fields, arrives }) => {
    const form = formOf({ ...fields, ...(name && { [name]: new Blob([new Uint8Array(picture)]) }) });
    const response = await gateway.call(new URL(path, 'http://x/v1/images/').pathname, { method: 'POST', body: form });
    expect([response.status, response.status === 200 ? '' : await response.text()]).toEqual([200, '']);
    expect(sandbox.requests()).toMatchObject([{ status: 200, fields: arrives }]);
  });

  it('is refused by name where it is too long for a field', async () => {
    await using small = await startGateway(sandbox, { MAX_FIELD_BYTES: '1024' });
    const form = formOf({ prompt: 'x', controls: json({ ...CONTROLS, odd: 'x'.repeat(2_000) }) });
    const response = await small.call('/v1/images/generations', { method: 'POST', body: form });
    expect([response.status, await response.json()]).toMatchObject([413, { error: { param: 'controls' } }]);
  });

  it.each(['generations', 'generations/raster'])('reaches the sandbox’s %s as one, too', async (path) => {
    const response = await fetch(`${sandbox.url}/v1/images/${path}`, {
      method: 'POST',
      headers: { authorization: 'Bearer x' },
      body: formOf({ prompt: text('x'), controls: json(CONTROLS) }),
    });
    expect((await response.json()) as object).toMatchObject({ credits: 35 });
  });
});

describe('The text null in a form', () => {
  it('means that a field is not given, as OpenAI’s client tells its users, but in free text', async () => {
    const absent = [
      ...['n', 'random_seed', 'strength', 'controls', 'text_layout', 'stream', 'response_format', 'size'],
      ...['image_format', 'output_format', 'style', 'style_id', 'substyle', 'quality', 'background', 'moderation'],
    ];
    const nulls = Object.fromEntries(absent.map((name) => [name, 'null']));
    const form = formOf({ ...nulls, prompt: 'null', image: new Blob([new Uint8Array(picture)]) });
    const response = await gateway.call('/v1/images/edits', { method: 'POST', body: form });
    expect([response.status, response.status === 200 ? '' : await response.text()]).toEqual([200, '']);
    expect(response.headers.get('x-ignored-params')).toBeNull();
    const [{ fields } = { fields: {} }] = sandbox.requests();
    expect(fields).toMatchObject({ prompt: 'null', strength: '0.2' });
    expect(Object.values(fields).filter((value) => value === 'null')).toHaveLength(1);
  });
});
