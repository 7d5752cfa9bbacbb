import { describe, expect, it } from '@jest/globals';
import type { GenerateRequest } from '../../images/image-request.js';
import { findModel, RECRAFT_MODELS } from './catalogue.js';
import { checkStyle } from './fit-style.js';

const REFERENCES = { style_reference_urls: ['https://example.com/s.png'] };

const checking = (model: string, styles: Partial<GenerateRequest>) => () => {
  const card = findModel(model);
  if (card === undefined) throw new Error(`no card for ${model}`);
  checkStyle(card, { operation: 'generate', prompt: 'a fox', count: 1, responseFormat: 'url', extra: {}, ...styles });
};

const allOf = (choose: (card: (typeof RECRAFT_MODELS)[number]) => boolean) =>
  RECRAFT_MODELS.filter(choose).map(({ id }) => id);

describe('a style name', () => {
  it.each([
    ['recraftv3', 'Photorealism'],
    ['recraftv3', 'realistic_image'],
    ['recraftv3', 'Recraft V3 Raw'],
    ['recraftv3', 'vector_illustration'],
    ['recraftv3', 'Line art'],
    ['recraftv3_vector', 'Line art'],
    ['recraftv2', 'Kawaii'],
    ['recraftv2', 'icon'],
    ['recraftv2_vector', 'Doodle'],
  ])('passes on %s where the model has it: %s', (model, style) => {
    expect(checking(model, { style })).not.toThrow();
  });

  it.each([
    ['recraftv3', 'Kawaii', 'recraftv2'],
    ['recraftv3', 'icon', 'recraftv2_vector'],
    ['recraftv3', 'Cartoon', 'recraftv2_vector'],
    ['recraftv3_vector', 'Photorealism', 'recraftv3, recraftv2'],
    ['recraftv2', 'Noir', 'recraftv3'],
    ['recraftv2_vector', 'logo_raster', 'recraftv3'],
    ['recraftv4_1', 'Kawaii', 'recraftv2'],
    ['recraftv4_styles', 'digital_illustration', 'recraftv3, recraftv2'],
    ['recraftv4_vector', 'Vector art', 'recraftv3_vector, recraftv2_vector'],
  ])('is refused on %s where only other models have it: %s', (model, style, owners) => {
    expect(checking(model, { style })).toThrow(
      expect.objectContaining({
        fault: 'unsupportedValue',
        param: 'style',
        message: expect.stringContaining(`Models that have it: ${owners}.`),
      }),
    );
  });

  it('that no model is known to have is left to Recraft on V2 and V3', () => {
    expect(checking('recraftv3', { style: 'realistic' })).not.toThrow();
    expect(checking('recraftv2_vector', { style: 'Brand New' })).not.toThrow();
  });

  it.each(allOf(({ line, customStyle }) => line === 'v4' && customStyle !== 'required'))(
    "on %s is only 'any', where it draws raster pictures",
    (model) => {
      const [taken, refused] = model.endsWith('_vector') ? [[], ['any']] : [['any'], []];
      for (const style of taken) expect(checking(model, { style })).not.toThrow();
      for (const style of [...refused, 'vector_illustration', 'realistic', 'Photorealism']) {
        expect(checking(model, { style })).toThrow(
          expect.objectContaining({ param: 'style', message: expect.stringContaining('takes no style names') }),
        );
      }
    },
  );
});

describe('a substyle', () => {
  it.each([
    ['recraftv3', 'digital_illustration', 'hand_drawn'],
    ['recraftv3', 'vector_illustration', 'bold_stroke'],
    ['recraftv2', 'icon', 'pictogram'],
    ['recraftv3', undefined, 'noir'],
    ['recraftv3', 'Photorealism', 'hdr'],
    ['recraftv3', 'digital_illustration', 'not_listed_anywhere'],
  ])('passes on %s with the style %s: %s', (model, style, substyle) => {
    expect(checking(model, { style, substyle })).not.toThrow();
  });

  it.each([
    ['recraftv3', undefined, 'kawaii', 'Models that have it: recraftv2, recraftv2_vector.'],
    ['recraftv2', 'realistic_image', 'noir', 'Models that have it: recraftv3, recraftv3_vector.'],
    ['recraftv3', 'realistic_image', 'noir', "does not belong to the style 'realistic_image'"],
    ['recraftv4_1', undefined, 'hand_drawn', 'It takes no substyles.'],
    ['recraftv4_1', undefined, 'not_listed_anywhere', 'It takes no substyles.'],
  ])('is refused on %s with the style %s: %s', (model, style, substyle, message) => {
    expect(checking(model, { style, substyle })).toThrow(
      expect.objectContaining({
        fault: 'unsupportedValue',
        param: 'substyle',
        message: expect.stringContaining(message),
      }),
    );
  });
});

describe('a custom style', () => {
  it.each(allOf(({ customStyle }) => customStyle !== 'refused'))('passes on %s by id and by references', (model) => {
    expect(checking(model, { styleId: 'an-id' })).not.toThrow();
    expect(checking(model, { extra: REFERENCES })).not.toThrow();
  });

  it.each(allOf(({ customStyle }) => customStyle === 'required'))('must be there on %s', (model) => {
    const missing = expect.objectContaining({ fault: 'missingParameter', param: 'style_id' });
    expect(checking(model, {})).toThrow(missing);
    expect(checking(model, { extra: { style_references: [], style_reference_urls: null } })).toThrow(missing);
  });

  it.each(allOf(({ customStyle }) => customStyle === 'refused'))('is refused on %s', (model) => {
    expect(checking(model, {})).not.toThrow();
    expect(checking(model, { styleId: 'an-id' })).toThrow(
      expect.objectContaining({ fault: 'unsupportedParameter', param: 'style_id' }),
    );
    expect(checking(model, { extra: REFERENCES })).toThrow(
      expect.objectContaining({ fault: 'unsupportedParameter', param: 'style_reference_urls' }),
    );
  });

  it.each([
    ['style', { style: 'Photorealism' }],
    ['style_reference_urls', { extra: REFERENCES }],
  ])('by id excludes %s', (rival, over) => {
    expect(checking('recraftv3', { styleId: 'an-id', ...over })).toThrow(
      expect.objectContaining({
        fault: 'unsupportedParameter',
        param: 'style_id',
        message: expect.stringContaining(`'${rival}'`),
      }),
    );
  });
});
