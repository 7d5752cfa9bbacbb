import { describe, expect, it } from '@jest/globals';
import type { GenerateRequest, ImageToImageRequest } from '../../images/image-request.js';
import type { Deployment } from '../../registry/deployment.js';
import { UNPRICED_OPERATIONS } from '../../images/unpriced-operations.js';
import { findModel } from './catalogue.js';
import { DOCUMENTS } from './documents.js';
import { OPERATIONS } from './operations.js';
import { price } from './price.js';

const at = (model: string, over: Partial<Deployment> = {}): Deployment => ({
  id: 'd1',
  group: model,
  model,
  apiKey: 'key',
  apiBase: 'http://127.0.0.1',
  timeoutMs: 1_000,
  defaults: {},
  ...over,
});

const generate = (over: Partial<GenerateRequest> = {}): GenerateRequest => ({
  operation: 'generate',
  prompt: 'a fox',
  count: 1,
  responseFormat: 'url',
  extra: {},
  ...over,
});

const edit = (over: Partial<ImageToImageRequest> = {}): ImageToImageRequest => ({
  ...generate(),
  operation: 'imageToImage',
  image: { kind: 'link', param: 'image', url: 'https://example.com/a.png' },
  strength: 0.2,
  ...over,
});

/** Units of recraft-api.md §3; 1,000 are a dollar. */
const UNITS = [
  ['recraftv4_1', 35],
  ['recraftv4_1_vector', 80],
  ['recraftv4_1_pro', 210],
  ['recraftv4_1_pro_vector', 300],
  ['recraftv4_1_utility', 35],
  ['recraftv4_1_utility_vector', 80],
  ['recraftv4_1_utility_pro', 210],
  ['recraftv4_1_utility_pro_vector', 300],
  ['recraftv4_1_flash', 7],
  ['recraftv4_1_flash_v2', 7],
  ['recraftv4', 40],
  ['recraftv4_vector', 80],
  ['recraftv4_pro', 250],
  ['recraftv4_pro_vector', 300],
  ['recraftv4_styles', 35],
  ['recraftv4_styles_vector', 50],
  ['recraftv4_styles_pro', 100],
  ['recraftv4_styles_pro_vector', 120],
  ['recraftv3', 40],
  ['recraftv3_vector', 80],
  ['recraftv2', 22],
  ['recraftv2_vector', 44],
] as const;

describe('the price of a request', () => {
  it.each(UNITS)('on %s is %i units a picture', (model, units) => {
    expect(price(generate(), at(model))).toBe(units * 1_000);
    expect(price(generate({ count: 6 }), at(model))).toBe(6 * units * 1_000);
  });

  it('is the same under the _raster alias', () => {
    expect(price(generate(), at('recraftv4_1_raster'))).toBe(35_000);
  });

  it.each([
    ['recraftv3', 'vector_illustration', 80_000],
    ['recraftv3', 'Linocut', 80_000],
    ['recraftv2', 'icon', 44_000],
    ['recraftv3', 'realistic_image', 40_000],
  ])('on %s follows the style %s', (model, style, microDollars) => {
    expect(price(generate({ style }), at(model))).toBe(microDollars);
  });

  it.each([
    // Charges that were recorded, recraft-api.md §5.1.
    ['recraftv4_styles', 1, 40_000],
    ['recraftv4_styles', 2, 75_000],
    ['recraftv4_styles', 6, 215_000],
    ['recraftv4_styles_vector', 1, 55_000],
    ['recraftv4_styles_pro', 1, 105_000],
    ['recraftv4_styles_pro_vector', 1, 125_000],
  ])('with style references on %s, %i pictures, is %i micro-dollars', (model, count, microDollars) => {
    const extra = { style_reference_urls: ['https://example.com/s.png'] };
    expect(price(generate({ count, extra }), at(model))).toBe(microDollars);
  });

  it('counts an empty list of style references as none', () => {
    expect(price(generate({ extra: { style_references: [] } }), at('recraftv4'))).toBe(40_000);
  });

  it.each([
    ['recraftv3', 80_000],
    ['recraftv3_vector', 160_000],
    ['recraftv4_1', 70_000],
  ])('of two edited pictures on %s is that of two generated ones', (model, microDollars) => {
    expect(price(edit({ count: 2 }), at(model))).toBe(microDollars);
  });

  it('of an edit knows no style references, which only generations take', () => {
    expect(price(edit({ extra: { style_references: ['a'] } }), at('recraftv4_1'))).toBe(35_000);
  });

  it('of an edit follows a vector style, too', () => {
    expect(price(edit({ style: 'vector_illustration' }), at('recraftv3'))).toBe(80_000);
  });

  it("is the operator's where one is set, known model or not", () => {
    const extra = { style_reference_urls: ['https://example.com/s.png'] };
    expect(price(generate({ count: 3, extra }), at('recraftv4', { microDollarsPerImage: 50 }))).toBe(150);
    expect(price(generate(), at('recraftv9', { microDollarsPerImage: 0 }))).toBe(0);
  });

  it('is unknown for an unknown model', () => {
    expect(price(generate(), at('recraftv9'))).toBeUndefined();
  });
});

describe('What the operator can price', () => {
  it('is what has no published price, and nothing else', () => {
    const card = findModel('recraftv4_1');
    const pictures = Object.entries(OPERATIONS).filter(([, { units }]) => units(card) === undefined);
    const documents = Object.entries(DOCUMENTS).filter(([, { units }]) => units === undefined);
    expect([...pictures, ...documents].map(([operation]) => operation)).toEqual([...UNPRICED_OPERATIONS]);
  });
});
