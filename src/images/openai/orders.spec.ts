import { describe, expect, it } from '@jest/globals';
import type { UploadedImage } from '../image-request.js';
import { type DialectPolicy, editOrder, generationOrder } from './orders.js';

const lenient: DialectPolicy = { dropParams: true, defaultResponseFormat: 'url', allowSecondCharge: false };

function interpret(fields: object, defaults: Record<string, unknown> = {}, policy = lenient) {
  return generationOrder({ prompt: 'a fox', ...fields }, policy).interpret(defaults);
}

describe('generationOrder', () => {
  it('chooses every default', () => {
    expect(interpret({})).toEqual({
      request: { operation: 'generate', prompt: 'a fox', count: 1, responseFormat: 'url', extra: {} },
      ignored: [],
    });
  });

  it('gives each field its place and hands unknown ones on as they are', () => {
    const { request } = interpret({
      n: 2,
      size: '16:9',
      style_id: 'sid',
      negative_prompt: 'text',
      random_seed: 0,
      image_format: 'png',
      creativity: 'simple',
      expire: false,
    });
    expect(request).toEqual({
      operation: 'generate',
      prompt: 'a fox',
      count: 2,
      responseFormat: 'url',
      size: '16:9',
      styleId: 'sid',
      negativePrompt: 'text',
      randomSeed: 0,
      imageFormat: 'png',
      extra: { creativity: 'simple', expire: false },
    });
  });

  it.each([
    [{ quality: 'hd', user: 'u', moderation: 'auto' }, ['quality', 'user', 'moderation']],
    [{ style: 'vivid' }, ['style']],
    [{ style: 'natural', background: 'auto' }, ['style', 'background']],
    [{ api_key: 'sk-theirs', api_base: 'http://x', metadata: {} }, ['api_key', 'api_base', 'metadata']],
    [{ size: 'auto' }, []],
  ])('leaves %j out and says so', (fields, ignored) => {
    const interpretation = interpret(fields);
    expect(interpretation.ignored).toEqual(ignored);
    expect(interpretation.request.extra).toEqual({});
    expect(interpretation.request).toHaveProperty('style', undefined);
  });

  it.each(['quality', 'user', 'background'])('refuses %s where nothing may be dropped', (name) => {
    const strict = { ...lenient, dropParams: false };
    expect(() => interpret({ [name]: 'auto' }, {}, strict)).toThrow(
      expect.objectContaining({ fault: 'unsupportedParameter', param: name }),
    );
  });

  it.each([
    [{ background: 'transparent' }, 'background'],
    [{ output_format: 'gif' }, 'output_format'],
  ])('refuses %j: no model can', (fields, param) => {
    expect(() => interpret(fields)).toThrow(expect.objectContaining({ fault: 'unsupportedValue', param }));
  });

  it("fills what is open from a deployment's defaults, and no more", () => {
    const defaults = { n: 3, response_format: 'b64_json', style: 'digital_illustration', substyle: 'grain' };
    expect(interpret({ n: 1 }, defaults).request).toMatchObject({
      count: 1,
      responseFormat: 'b64_json',
      style: 'digital_illustration',
      substyle: 'grain',
    });
    const { request } = interpret({ style_id: 'sid' }, defaults);
    expect(request).toHaveProperty('styleId', 'sid');
    expect(request).toHaveProperty('style', undefined);
    expect(request).toHaveProperty('substyle', undefined);
  });

  it('streams base64 unless links were asked for', () => {
    expect(interpret({ stream: true }).request.responseFormat).toBe('b64_json');
    expect(interpret({ stream: true, response_format: 'url' }).request.responseFormat).toBe('url');
  });

  it('takes the model of the path before that of the body', () => {
    expect(generationOrder({ prompt: 'x', model: 'a' }, lenient, 'b').model).toBe('b');
  });
});

describe('A field that is refused', () => {
  const strict = { ...lenient, dropParams: false };

  it.each([
    [{ quality: 'hd' }, 'quality', 'quality is not supported by Recraft.'],
    [{ style: 'vivid' }, 'style', 'style vivid is not supported by Recraft.'],
    [{ strength: 0.4 }, 'strength', 'strength is not supported by Recraft.'],
  ])('is named, and its value where the rest of them is welcome: %j', (fields, param, message) => {
    expect(() => interpret(fields, {}, strict)).toThrow(expect.objectContaining({ param, message }));
  });
});

describe('editOrder', () => {
  const image = { kind: 'bytes', param: 'image' } as UploadedImage;
  const edit = (fields: object) => editOrder({ prompt: 'x', ...fields }, { image }, lenient).interpret({});

  it('has a strength of 0.2 unless told otherwise, zero included', () => {
    expect(edit({}).request).toMatchObject({ operation: 'imageToImage', image, strength: 0.2 });
    expect(edit({ strength: 0 }).request).toMatchObject({ strength: 0 });
  });

  it('with a transparent background has its removal to come, for each picture', () => {
    const charging = { ...lenient, allowSecondCharge: true };
    const order = editOrder({ prompt: 'x', background: 'transparent', n: 3 }, { image }, charging);
    expect(order.interpret({})).toMatchObject({
      request: { operation: 'imageToImage', responseFormat: 'b64_json' },
      afterwards: { operation: 'removeBackground', image, count: 3 },
    });
    expect(edit({})).not.toHaveProperty('afterwards');
  });

  it('ignores a size: the result follows its source', () => {
    const { request, ignored } = edit({ size: '1024x1024' });
    expect(ignored).toEqual(['size']);
    expect(request).not.toHaveProperty('size');
  });
});
