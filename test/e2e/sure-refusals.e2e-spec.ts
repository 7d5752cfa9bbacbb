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

const url = (): string => `data:image/png;base64,${picture.toString('base64')}`;
const urls = (count: number): string[] => Array.from({ length: count }, (_, at) => `https://example.com/${at}.png`);
const GENERATIONS = ['generations', 'generations/raster'];
const STYLE = { style_id: '11111111-2222-3333-4444-555555555555' };
const box = [[0, 0], [1, 0], [1, 1], [0, 1]]; // prettier-ignore
const word = (text: string, bbox: unknown = box) => ({ model: 'recraftv3', text_layout: [{ text, bbox }] });

async function expectRefused(response: Response, param: string): Promise<void> {
  const answer = (await response.json()) as { error?: { param?: string } };
  expect({ status: response.status, param: answer.error?.param, asked: sandbox.requests().length }).toEqual({
    status: 400,
    param,
    asked: 0,
  });
}

describe.each(GENERATIONS)('What is sure to fail at %s is refused before it is sent', (path) => {
  it.each<[string, object]>([
    ['style_reference_urls', { style_reference_urls: urls(11) }],
    ['style_reference_urls', { style_reference_urls: 'no link' }],
    ['style_match', { ...STYLE, style_match: 'regular' }],
    ['style_match', { ...STYLE, model: 'recraftv3', style_match: 'precise' }],
    ['style_match', { ...STYLE, style_match: 'odd' }],
    ['creativity', { creativity: 'wild' }],
    ['text_layout[0].text', word('漢')],
    ['text_layout[0].text', word('TWO WORDS')],
    ['text_layout[0].bbox', word('FOX', [[0, 0], [1, 0], [1, 1], [0]])],
    ['text_layout[0].bbox', word('FOX', [[0, 0], [1, 0], [1, 1], ['a', 1]])],
  ])('%s: %j', async (param, fields) => {
    await expectRefused(await gateway.post(`/v1/images/${path}`, { prompt: 'a fox', ...fields }), param);
  }); // prettier-ignore

  it('references as files and as links', async () => {
    const form = new FormData();
    form.set('prompt', 'a fox');
    form.set('style_references', new Blob([new Uint8Array(picture)]), 'a.png');
    form.set('style_reference_urls', JSON.stringify(urls(1)));
    await expectRefused(
      await gateway.call(`/v1/images/${path}`, { method: 'POST', body: form }),
      'style_reference_urls',
    );
  });

  it.each<[string, object]>([
    ['a word in small letters, and in Greek', word('recraft!Ω'.replace('Ω', 'Α'))],
    ['how closely a style is followed', { ...STYLE, style_match: 'flexible' }],
    ['creativity', { creativity: 'eccentric' }],
  ])('and what is right goes on: %s', async (_what, fields) => {
    expect((await gateway.post(`/v1/images/${path}`, { prompt: 'a fox', ...fields })).status).toBe(200);
  });

  it.each<[string, () => object]>([
    ['a list of data URLs', () => ({ style_reference_urls: [url(), url()] })],
    ['links under the name for files', () => ({ style_references: [url()] })],
  ])('and references go on: %s', async (_what, fields) => {
    const response = await gateway.post(`/v1/images/${path}`, { prompt: 'a fox', ...fields() });
    expect(await response.json()).toMatchObject({ credits: 40, style_id: expect.any(String) as unknown });
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.04');
  });
});

describe('Links as style references', () => {
  it('reach Recraft as they are, beside nothing else', async () => {
    sandbox.fault({ body: { created: 1, credits: 40, data: [{ image_id: 'a', url: 'https://x/a' }] } });
    const body = { prompt: 'a fox', model: 'recraftv4_styles', style_reference_urls: urls(2) };
    expect((await gateway.post('/v1/images/generations', body)).status).toBe(200);
    expect(sandbox.requests()).toMatchObject([
      { contentType: 'application/json', fields: { style_reference_urls: urls(2) } },
    ]);
  });

  it('come in a form as JSON text, or as one link', async () => {
    for (const [value, arrives] of [[JSON.stringify(urls(2)), urls(2)], [urls(1)[0] ?? '', urls(1)]] as const) {
      sandbox.reset();
      sandbox.fault({ body: { created: 1, credits: 40, data: [{ image_id: 'a', url: 'https://x/a' }] } });
      const form = new FormData();
      form.set('prompt', 'a fox');
      form.set('style_reference_urls', value);
      expect((await gateway.call('/v1/images/generations', { method: 'POST', body: form })).status).toBe(200);
      expect(sandbox.requests()).toMatchObject([{ fields: { style_reference_urls: arrives } }]);
    } // prettier-ignore
  });
});

describe('Elsewhere', () => {
  it.each([[[300, 0, 0]], [[0, 0]], [[0.5, 0, 0]], ['red']])('a palette of %j is refused', async (color) => {
    const body = { image_url: url(), strict_color_palette: [color] };
    await expectRefused(await gateway.post('/v1/images/vectorize', body), 'strict_color_palette');
  });

  it('a style is refused a match that its model does not have', async () => {
    await expectRefused(await gateway.post('/v1/styles', { image_urls: [url()], match: 'regular' }), 'match');
    const own = { image_urls: [url()], model: 'recraftv3', match: 'precise' };
    await expectRefused(await gateway.post('/v1/styles', own), 'match');
  });

  it.each(['banana', '0x0', '1x'])('an edit of the size %j is refused', async (size) => {
    const body = { image: url(), prompt: 'a cake', size };
    await expectRefused(await gateway.post('/v1/images/edits', body), 'size');
  });

  it('an edit of a size that could be one is made, and the size is told as ignored', async () => {
    const body = { image: url(), prompt: 'a cake', size: '1024x1024' };
    const response = await gateway.post('/v1/images/edits', body);
    expect([response.status, response.headers.get('x-ignored-params')]).toEqual([200, 'size']);
  });

  it("Recraft's refusal of a sketch that it does not know names its field", async () => {
    const body = { source_image_id: '0f4e7a52-6c1d-4b83-9e2a-5d7c81b09f36', similarity: 3 };
    const response = await gateway.post('/v1/images/explore/similar', body);
    const answer = (await response.json()) as object;
    expect([response.status, answer]).toMatchObject([400, { error: { param: 'source_image_id' } }]);
  });
});
