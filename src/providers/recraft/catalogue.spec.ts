import { describe, expect, it } from '@jest/globals';
import { drawnBy, findModel, RECRAFT_MODELS, type RecraftModel } from './catalogue.js';

function cardOf(id: string): RecraftModel {
  const card = findModel(id);
  if (card === undefined) throw new Error(`no card for ${id}`);
  return card;
}

/** recraft-api.md §3, typed a second time: id, output, size of 16:9, units, prompt, style names, custom style, edits, release. */
const DOCUMENTED = [
  ['recraftv4_1', 'raster', '1344x768', 35, 10_000, false, 'allowed', true, '2026-05-01'],
  ['recraftv4_1_vector', 'vector', undefined, 80, 10_000, false, 'allowed', true, '2026-05-01'],
  ['recraftv4_1_pro', 'raster', '2688x1536', 210, 10_000, false, 'allowed', true, '2026-05-01'],
  ['recraftv4_1_pro_vector', 'vector', undefined, 300, 10_000, false, 'allowed', true, '2026-05-01'],
  ['recraftv4_1_utility', 'raster', '1344x768', 35, 10_000, false, 'allowed', true, '2026-05-01'],
  ['recraftv4_1_utility_vector', 'vector', undefined, 80, 10_000, false, 'allowed', true, '2026-05-01'],
  ['recraftv4_1_utility_pro', 'raster', '2688x1536', 210, 10_000, false, 'allowed', true, '2026-05-01'],
  ['recraftv4_1_utility_pro_vector', 'vector', undefined, 300, 10_000, false, 'allowed', true, '2026-05-01'],
  ['recraftv4_1_flash', 'raster', '1344x768', 7, 10_000, false, 'refused', false, '2026-09-23'],
  ['recraftv4_1_flash_v2', 'raster', '1344x768', 7, 10_000, false, 'refused', false, '2026-11-01'],
  ['recraftv4', 'raster', '1344x768', 40, 10_000, false, 'allowed', true, '2026-02-01'],
  ['recraftv4_vector', 'vector', undefined, 80, 10_000, false, 'allowed', true, '2026-02-01'],
  ['recraftv4_pro', 'raster', '2688x1536', 250, 10_000, false, 'allowed', true, '2026-02-01'],
  ['recraftv4_pro_vector', 'vector', undefined, 300, 10_000, false, 'allowed', true, '2026-02-01'],
  ['recraftv4_styles', 'raster', '1344x768', 35, 10_000, false, 'required', false, '2026-08-26'],
  ['recraftv4_styles_vector', 'vector', undefined, 50, 10_000, false, 'required', false, '2026-08-26'],
  ['recraftv4_styles_pro', 'raster', '2688x1536', 100, 10_000, false, 'required', false, '2026-08-26'],
  ['recraftv4_styles_pro_vector', 'vector', undefined, 120, 10_000, false, 'required', false, '2026-08-26'],
  ['recraftv3', 'raster', '1820x1024', 40, 1_000, true, 'allowed', true, '2024-10-01'],
  ['recraftv3_vector', 'vector', undefined, 80, 1_000, true, 'allowed', true, '2024-10-01'],
  ['recraftv2', 'raster', '1820x1024', 22, 1_000, true, 'allowed', false, '2024-02-01'],
  ['recraftv2_vector', 'vector', undefined, 44, 1_000, true, 'allowed', false, '2024-02-01'],
] as const;

const MASKED = ['inpaint', 'outpaint', 'replaceBackground', 'generateBackground'];
/** Work on parts of a picture is V3's alone, sketches are for the standard and Pro models of V4 (recraft-api.md §2). */
const OF_V3: Readonly<Record<string, readonly string[]>> = { recraftv3: MASKED, recraftv3_vector: MASKED };
const EXPLORING = new Set(
  ['recraftv4', 'recraftv4_1'].flatMap((id) => ['', '_vector', '_pro', '_pro_vector'].map((end) => id + end)),
);

describe('the catalogue of Recraft models', () => {
  it('holds every documented model and no other', () => {
    expect(RECRAFT_MODELS.map(({ id }) => id)).toEqual(DOCUMENTED.map(([id]) => id));
  });

  it.each(DOCUMENTED)('knows %s', (id, output, wide, units, promptMax, named, customStyle, edits, releaseDay) => {
    const card = cardOf(id);
    expect(card).toMatchObject({
      id,
      output,
      microDollarsPerImage: units * 1_000,
      promptMax,
      countMax: 6,
      customStyle,
    });
    expect(card.sizes.size).toBe(14);
    expect(card.sizes.get('16:9')).toBe(wide);
    expect(card.styles.size > 0).toBe(named);
    expect(card.operations).toEqual([
      'generate',
      ...(customStyle === 'refused' ? [] : ['createStyle']),
      ...(edits ? ['imageToImage', 'variate'] : []),
      ...(OF_V3[id] ?? []),
      ...(EXPLORING.has(id) ? ['explore'] : []),
    ]);
    expect(new Date(card.released * 1_000).toISOString()).toBe(`${releaseDay}T00:00:00.000Z`);
  });

  it('finds a raster model by its _raster alias, and no vector model', () => {
    expect(findModel('recraftv4_1_pro_raster')).toBe(cardOf('recraftv4_1_pro'));
    expect(findModel('recraftv3_raster')).toBe(cardOf('recraftv3'));
    expect(findModel('recraftv3_vector_raster')).toBeUndefined();
  });

  it('does not know a model that Recraft does not document', () => {
    expect(findModel('recraftv9')).toBeUndefined();
    expect(findModel('constructor')).toBeUndefined();
  });

  it.each([
    ['recraftv3', true, true, true, true],
    ['recraftv2', true, false, false, false],
    ['recraftv4_1', false, false, false, false],
  ])('knows the extras of %s', (id, negativePrompt, textLayout, artisticLevel, noText) => {
    expect(cardOf(id).features).toEqual({ negativePrompt, textLayout, artisticLevel, noText });
  });

  it.each([
    // Curated names as counted in recraft-api.md §6.2, and the older names of §6.3.
    ['recraftv3', 21 + 39 + 5 + 1 + 4],
    ['recraftv3_vector', 23 + 1],
    ['recraftv2', 9 + 18 + 3],
    ['recraftv2_vector', 10 + 11 + 2],
  ])('knows all style names of %s', (id, count) => {
    expect(cardOf(id).styles.size).toBe(count);
  });

  it('has no style name that is raster and vector in one line, so that a name decides the output', () => {
    const both = RECRAFT_MODELS.flatMap((card) =>
      Array.from(card.styles).filter((style) => card.output === 'raster' && drawnBy(card, style) !== card),
    );
    expect(both).toEqual([]);
  });
});

describe('the model that draws', () => {
  it.each([
    ['recraftv3', 'vector_illustration', 'recraftv3_vector'],
    ['recraftv3', 'Line art', 'recraftv3_vector'],
    ['recraftv2', 'icon', 'recraftv2_vector'],
    ['recraftv2', 'Doodle', 'recraftv2_vector'],
    ['recraftv3', 'digital_illustration', 'recraftv3'],
    ['recraftv3', undefined, 'recraftv3'],
    ['recraftv3', 'icon', 'recraftv3'],
    ['recraftv3_vector', 'Line art', 'recraftv3_vector'],
    ['recraftv4_1', 'vector_illustration', 'recraftv4_1'],
  ])('for %s with the style %s is %s', (model, style, drawer) => {
    expect(drawnBy(cardOf(model), style).id).toBe(drawer);
  });
});
