import { describe, expect, it } from '@jest/globals';
import type { GenerateRequest, ImageToImageRequest, UploadedImage } from '../../images/image-request.js';
import type { Deployment } from '../../registry/deployment.js';
import { findModel, RECRAFT_MODELS } from './catalogue.js';
import { fit } from './fit.js';

const at = (model: string): Deployment => ({
  id: 'd1',
  group: model,
  model,
  apiKey: 'key',
  apiBase: 'http://127.0.0.1',
  timeoutMs: 1_000,
  defaults: {},
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

/** A request that the model takes: some models insist on a style. */
const welcome = (card: (typeof RECRAFT_MODELS)[number], over: Partial<GenerateRequest> = {}) =>
  generate({ ...(card.customStyle === 'required' && { styleId: 'an-id' }), ...over });

const models = RECRAFT_MODELS.map((card) => [card.id, card] as const);
const raster = RECRAFT_MODELS.filter(({ output }) => output === 'raster').map(({ id }) => id);
const vector = RECRAFT_MODELS.filter(({ output }) => output === 'vector').map(({ id }) => id);

const refusal = (fault: string, param: string, message = '') =>
  expect.objectContaining({ name: 'GatewayError', fault, param, message: expect.stringContaining(message) });

describe.each(models)('on %s', (id, card) => {
  it('a plain request passes as it is', () => {
    const request = welcome(card);
    const fitted = fit(request, at(id));
    expect(fitted.request).toBe(request);
    expect(fitted.ignored).toEqual([]);
  });

  it('the prompt has one character at least and the documented number at most', () => {
    expect(() => fit(welcome(card, { prompt: 'x' }), at(id))).not.toThrow();
    expect(() => fit(welcome(card, { prompt: '🦊'.repeat(card.promptMax) }), at(id))).not.toThrow();
    expect(() => fit(welcome(card, { prompt: 'x'.repeat(card.promptMax + 1) }), at(id))).toThrow(
      refusal('tooLong', 'prompt', `at most ${card.promptMax} characters`),
    );
    expect(() => fit(welcome(card, { prompt: '🦊'.repeat(card.promptMax + 1) }), at(id))).toThrow(
      refusal('tooLong', 'prompt'),
    );
    expect(() => fit(welcome(card, { prompt: ' \n' }), at(id))).toThrow(refusal('missingParameter', 'prompt'));
    expect(() => fit(welcome(card, { prompt: '' }), at(id))).toThrow(refusal('missingParameter', 'prompt'));
  });

  it('one to six pictures can be asked for', () => {
    expect(() => fit(welcome(card, { count: 6 }), at(id))).not.toThrow();
    expect(() => fit(welcome(card, { count: 7 }), at(id))).toThrow(refusal('aboveMaximum', 'n', 'from 1 to 6'));
    expect(() => fit(welcome(card, { count: 0 }), at(id))).toThrow(refusal('belowMinimum', 'n'));
    expect(() => fit(welcome(card, { count: 1.5 }), at(id))).toThrow(refusal('invalidType', 'n'));
  });

  it('every aspect and every size of its own passes as it is', () => {
    const own = Array.from(card.sizes).flat();
    const sizes = own.filter((size) => size !== undefined);
    expect(sizes.map((size) => fit(welcome(card, { size }), at(id)).request)).toEqual(
      sizes.map((size) => welcome(card, { size })),
    );
  });

  it('a size that nobody has is refused', () => {
    for (const size of ['1000x1000', '7:3', '1024', 'auto', '']) {
      expect(() => fit(welcome(card, { size }), at(id))).toThrow(refusal('unsupportedValue', 'size', '16:9'));
    }
  });
});

describe('editing a picture', () => {
  const able = RECRAFT_MODELS.map(({ id }) => id).filter((id) =>
    /^recraftv(3|4|4_1)(_utility)?(_pro)?(_vector)?$/.test(id),
  );
  const unable = RECRAFT_MODELS.map(({ id }) => id).filter((id) => !able.includes(id));

  it.each(able)('is possible with %s', (id) => {
    const request = edit();
    expect(fit(request, at(id)).request).toBe(request);
  });

  it.each(unable)('is refused with %s, naming the models that can', (id) => {
    expect(() => fit(edit(), at(id))).toThrow(
      refusal('unsupportedValue', 'model', `Models that do: ${able.join(', ')}.`),
    );
  });
});

describe("OpenAI's sizes", () => {
  const SQUARES = ['256x256', '512x512', '1024x1024'];
  const families = [
    ['recraftv4_1', '1024x1024', '1344x768', '768x1344', '1280x832', '832x1280'],
    ['recraftv4_1_flash_v2', '1024x1024', '1344x768', '768x1344', '1280x832', '832x1280'],
    ['recraftv4', '1024x1024', '1344x768', '768x1344', '1280x832', '832x1280'],
    ['recraftv4_1_utility_pro', '2048x2048', '2688x1536', '1536x2688', '2560x1664', '1664x2560'],
    ['recraftv4_pro', '2048x2048', '2688x1536', '1536x2688', '2560x1664', '1664x2560'],
    ['recraftv3', '1024x1024', '1820x1024', '1024x1820', '1536x1024', '1024x1536'],
    ['recraftv2', '1024x1024', '1820x1024', '1024x1820', '1536x1024', '1024x1536'],
    ['recraftv4_1_vector', '1:1', '16:9', '9:16', '3:2', '2:3'],
    ['recraftv3_vector', '1:1', '16:9', '9:16', '3:2', '2:3'],
  ] as const;

  it.each(families)('become the nearest of %s', (model, square, wide, tall, landscape, portrait) => {
    const sizeFor = (size: string) => fit(generate({ size }), at(model)).request;
    for (const size of SQUARES) expect(sizeFor(size)).toHaveProperty('size', square);
    expect(sizeFor('1792x1024')).toHaveProperty('size', wide);
    expect(sizeFor('1024x1792')).toHaveProperty('size', tall);
    expect(sizeFor('1536x1024')).toHaveProperty('size', landscape);
    expect(sizeFor('1024x1536')).toHaveProperty('size', portrait);
  });

  it('change nothing else in the request', () => {
    const request = generate({ size: '512x512', randomSeed: 7 });
    expect(fit(request, at('recraftv4_1_pro')).request).toEqual({ ...request, size: '2048x2048' });
    expect(request.size).toBe('512x512');
  });
});

describe('sizes of other models', () => {
  it.each([
    ['recraftv4_1', '1820x1024', '1344x768 (16:9)'],
    ['recraftv4_1', '2048x2048', '1024x1024 (1:1)'],
    ['recraftv4_1_pro', '1344x768', '2688x1536 (16:9)'],
    ['recraftv3', '1344x768', '1820x1024 (16:9)'],
  ])('are refused on %s: %s', (model, size, offered) => {
    expect(() => fit(generate({ size }), at(model))).toThrow(refusal('unsupportedValue', 'size', offered));
  });

  it.each([
    ['1344x768', '16:9'],
    ['2688x1536', '16:9'],
    ['1820x1024', '16:9'],
    ['1024x1707', '6:10'],
    ['896x1280', '10:14'],
  ])('become their aspect on a vector model: %s', (size, aspect) => {
    for (const model of ['recraftv3_vector', 'recraftv4_1_pro_vector']) {
      expect(fit(generate({ size }), at(model)).request).toHaveProperty('size', aspect);
    }
  });

  it("leave V3 the size that only Recraft's OpenAPI document has", () => {
    expect(fit(generate({ size: '1707x1024' }), at('recraftv3')).request).toHaveProperty('size', '1707x1024');
  });
});

describe('image_format', () => {
  it.each(raster)('is kept on %s', (model) => {
    const request = generate({ imageFormat: 'png', styleId: model.includes('_styles') ? 'an-id' : undefined });
    expect(fit(request, at(model))).toEqual({ request, ignored: [], format: 'png' });
  });

  it.each(vector)('is left out on %s', (model) => {
    const request = generate({ imageFormat: 'png', styleId: model.includes('_styles') ? 'an-id' : undefined });
    const fitted = fit(request, at(model));
    expect(fitted.ignored).toEqual(['image_format']);
    expect(fitted.request).not.toHaveProperty('imageFormat');
    expect(fitted.request).toMatchObject({ prompt: 'a fox', count: 1 });
  });

  it('is left out where a vector style makes an SVG on V3, for edits too', () => {
    const over = { imageFormat: 'webp', style: 'vector_illustration' } as const;
    expect(fit(generate(over), at('recraftv3')).ignored).toEqual(['image_format']);
    expect(fit(edit(over), at('recraftv3')).ignored).toEqual(['image_format']);
  });

  it('is refused on a vector model where nothing but a raster picture will do', () => {
    const wish = { imageFormat: 'png', rasterOnly: 'output_format' } as const;
    const refused = refusal('unsupportedValue', 'output_format', 'a raster model such as recraftv4_1.');
    expect(() => fit(generate(wish), at('recraftv4_1_vector'))).toThrow(refused);
    expect(fit(generate(wish), at('recraftv4_1'))).toMatchObject({ ignored: [], format: 'png' });
  });

  it('svg is for models that draw vectors, and the refusal names one that the catalogue has', () => {
    const svg = generate({ imageFormat: 'svg' });
    expect(fit(svg, at('recraftv4_1_vector'))).toMatchObject({ ignored: [] });
    for (const model of ['recraftv3', 'recraftv4_1', 'recraftv4_1_flash_v2', 'recraftv2']) {
      const named = /such as (\w+)\./.exec(messageOf(() => fit(svg, at(model))))?.[1];
      expect(findModel(String(named))?.output).toBe('vector');
      expect(() => fit(svg, at(model))).toThrow(refusal('unsupportedValue', 'output_format'));
    }
  });

  it('is refused where it is neither PNG nor WebP, wherever it came from', () => {
    const request = { ...generate(), imageFormat: 'jpeg' } as unknown as GenerateRequest;
    expect(() => fit(request, at('recraftv3'))).toThrow(refusal('unsupportedValue', 'image_format', 'png or webp'));
  });
});

describe('numbers', () => {
  it.each([0, 4_294_967_295])('random_seed may be %i', (randomSeed) => {
    expect(() => fit(generate({ randomSeed }), at('recraftv3'))).not.toThrow();
  });

  it.each([
    [-1, 'belowMinimum'],
    [4_294_967_296, 'aboveMaximum'],
    [0.5, 'invalidType'],
  ])('random_seed may not be %d', (randomSeed, fault) => {
    expect(() => fit(generate({ randomSeed }), at('recraftv3'))).toThrow(refusal(fault, 'random_seed'));
  });

  it.each([0, 0.2, 1])('strength may be %d', (strength) => {
    expect(() => fit(edit({ strength }), at('recraftv3'))).not.toThrow();
  });

  it.each([
    [-0.01, 'belowMinimum'],
    [1.01, 'aboveMaximum'],
  ])('strength may not be %d', (strength, fault) => {
    expect(() => fit(edit({ strength }), at('recraftv3'))).toThrow(refusal(fault, 'strength', 'from 0 to 1'));
  });
});

describe('fit', () => {
  it("checks an edit's picture under the picture's own field", () => {
    const gif: UploadedImage = {
      kind: 'bytes',
      param: 'images[]',
      bytes: 10,
      format: 'gif',
      width: 300,
      height: 300,
      open: () => {
        throw new Error('a check reads no bytes');
      },
    };
    expect(() => fit(edit({ image: gif }), at('recraftv3'))).toThrow(
      refusal('unknownPictureKind', 'images[]', 'PNG, JPEG'),
    );
  });

  it('checks the styles of generations and of edits', () => {
    expect(() => fit(generate({ style: 'Kawaii' }), at('recraftv3'))).toThrow(refusal('unsupportedValue', 'style'));
    expect(() => fit(edit({ style: 'Kawaii' }), at('recraftv3'))).toThrow(refusal('unsupportedValue', 'style'));
  });

  it('names the first fault in the order of Recraft: model, prompt, n, size, style', () => {
    const wrong = { prompt: '', count: 9, size: 'big', style: 'Kawaii' };
    expect(() => fit(edit({ prompt: '' }), at('recraftv2'))).toThrow(refusal('unsupportedValue', 'model'));
    expect(() => fit(generate(wrong), at('recraftv3'))).toThrow(refusal('missingParameter', 'prompt'));
    expect(() => fit(generate({ ...wrong, prompt: 'x' }), at('recraftv3'))).toThrow(refusal('aboveMaximum', 'n'));
    expect(() => fit(generate({ ...wrong, prompt: 'x', count: 1 }), at('recraftv3'))).toThrow(
      refusal('unsupportedValue', 'size'),
    );
  });

  const extras: [Partial<GenerateRequest>, param: string][] = [
    [{ negativePrompt: 'blue' }, 'negative_prompt'],
    [{ textLayout: [{ text: 'FOX', bbox: [[0, 0], [1, 0], [1, 1], [0, 1]] }] }, 'text_layout'], // prettier-ignore
    [{ controls: { artistic_level: 3 } }, 'controls.artistic_level'],
    [{ controls: { no_text: true } }, 'controls.no_text'],
  ];

  it.each(extras)('refuses %j where the model has no such feature', (extra, param) => {
    expect(() => fit(generate(extra), at('recraftv4_1'))).toThrow(refusal('unsupportedParameter', param));
    expect(fit(generate(extra), at('recraftv3')).ignored).toEqual([]);
  });

  it('lets colours through on every model', () => {
    const request = generate({ controls: { colors: [{ rgb: [1, 2, 3] }], background_color: { rgb: [0, 0, 0] } } });
    expect(fit(request, at('recraftv4_1')).request).toBe(request);
  });

  it('leaves a request for an unknown model as it came', () => {
    const request = generate({ prompt: '', count: 99, size: 'huge', style: 'Kawaii' });
    const fitted = fit(request, at('recraftv9'));
    expect(fitted.request).toBe(request);
    expect(fitted.ignored).toEqual([]);
  });
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}
