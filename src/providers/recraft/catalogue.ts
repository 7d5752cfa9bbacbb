import type { ModelCard } from '../../registry/model-card.js';
import { CLASSIC, ONE_K, TWO_K, VECTOR, type SizeColumn } from './catalogue-sizes.js';
import { stylesOf, type ModelLine } from './styles.js';

/** A card with what only Recraft's own checks need. */
export interface RecraftModel extends ModelCard {
  /** Models of one line share their style names. */
  readonly line: ModelLine;
  /** Every spelling of a size that a caller may use, and the one Recraft takes for it. */
  readonly acceptedSizes: ReadonlyMap<string, string>;
}

/** What models of one release have in common. */
type Release = Pick<RecraftModel, 'line' | 'released' | 'promptMax' | 'operations' | 'customStyle' | 'features'>;

/** Unix seconds; recraft-api.md names some releases by month alone, which then stand at its first day. */
const released = (day: string) => Date.parse(day) / 1_000;

/** Work on parts of a picture, for which Recraft has V3 alone (recraft-api.md §2). */
const PARTIAL = ['inpaint', 'outpaint', 'replaceBackground', 'generateBackground'] as const;

const V3: Release = {
  line: 'v3',
  released: released('2024-10-01'),
  promptMax: 1_000,
  operations: ['generate', 'createStyle', 'imageToImage', 'variate', ...PARTIAL],
  customStyle: 'allowed',
  features: { negativePrompt: true, textLayout: true, artisticLevel: true, noText: true },
};

const V2: Release = {
  ...V3,
  line: 'v2',
  released: released('2024-02-01'),
  operations: ['generate', 'createStyle'],
  features: { negativePrompt: true, textLayout: false, artisticLevel: false, noText: false },
};

const V4: Release = {
  line: 'v4',
  released: released('2026-02-01'),
  promptMax: 10_000,
  operations: ['generate', 'createStyle', 'imageToImage', 'variate'],
  customStyle: 'allowed',
  features: { negativePrompt: false, textLayout: false, artisticLevel: false, noText: false },
};

/** The models that also make sketches: not Utility, Flash and Styles (recraft-api.md §5.8). */
const exploring = (release: Release): Release => ({ ...release, operations: [...release.operations, 'explore'] });

const V4_1: Release = { ...V4, released: released('2026-05-01') };
const V4_1_MAIN = exploring(V4_1);
const V4_MAIN = exploring(V4);

// That Styles models take no source picture is inferred: the page of that tool names V3, V4 and V4.1 (§2, note 1).
const STYLES: Release = {
  ...V4,
  released: released('2026-08-26'),
  operations: ['generate', 'createStyle'],
  customStyle: 'required',
};

const FLASH: Release = { ...V4, released: released('2026-09-23'), operations: ['generate'], customStyle: 'refused' };

const FLASH_V2: Release = { ...FLASH, released: released('2026-11-01') };

/** The one style name that V4-line models take, and raster ones alone (recraft-api.md §3, §6.3). */
const V4_STYLE = 'any';

/** One row of the table below: `units` is Recraft's price of a picture, 1,000 to the dollar. */
function model(id: string, displayName: string, release: Release, column: SizeColumn, units: number): RecraftModel {
  const output = column === VECTOR ? 'vector' : 'raster';
  return {
    id,
    displayName,
    ...release,
    output,
    microDollarsPerImage: units * 1_000,
    countMax: 6,
    sizes: column.sizes,
    acceptedSizes: column.accepted,
    styles: stylesOf(id),
    ...(release.line === 'v4' && output === 'raster' && { baseStyle: V4_STYLE }),
  };
}

/** Every model of Recraft's documentation (recraft-api.md §3), newest line first. */
export const RECRAFT_MODELS: readonly RecraftModel[] = [
  model('recraftv4_1', 'Recraft V4.1', V4_1_MAIN, ONE_K, 35),
  model('recraftv4_1_vector', 'Recraft V4.1 Vector', V4_1_MAIN, VECTOR, 80),
  { ...model('recraftv4_1_pro', 'Recraft V4.1 Pro', V4_1_MAIN, TWO_K, 210), alwaysDoes: ['enhance'] },
  model('recraftv4_1_pro_vector', 'Recraft V4.1 Pro Vector', V4_1_MAIN, VECTOR, 300),
  model('recraftv4_1_utility', 'Recraft V4.1 Utility', V4_1, ONE_K, 35),
  model('recraftv4_1_utility_vector', 'Recraft V4.1 Utility Vector', V4_1, VECTOR, 80),
  model('recraftv4_1_utility_pro', 'Recraft V4.1 Utility Pro', V4_1, TWO_K, 210),
  model('recraftv4_1_utility_pro_vector', 'Recraft V4.1 Utility Pro Vector', V4_1, VECTOR, 300),
  model('recraftv4_1_flash', 'Recraft V4.1 Flash', FLASH, ONE_K, 7),
  model('recraftv4_1_flash_v2', 'Recraft V4.1 Flash V2', FLASH_V2, ONE_K, 7),
  model('recraftv4', 'Recraft V4', V4_MAIN, ONE_K, 40),
  model('recraftv4_vector', 'Recraft V4 Vector', V4_MAIN, VECTOR, 80),
  model('recraftv4_pro', 'Recraft V4 Pro', V4_MAIN, TWO_K, 250),
  model('recraftv4_pro_vector', 'Recraft V4 Pro Vector', V4_MAIN, VECTOR, 300),
  model('recraftv4_styles', 'Recraft V4 Styles', STYLES, ONE_K, 35),
  model('recraftv4_styles_vector', 'Recraft V4 Styles Vector', STYLES, VECTOR, 50),
  model('recraftv4_styles_pro', 'Recraft V4 Styles Pro', STYLES, TWO_K, 100),
  model('recraftv4_styles_pro_vector', 'Recraft V4 Styles Pro Vector', STYLES, VECTOR, 120),
  model('recraftv3', 'Recraft V3', V3, CLASSIC, 40),
  model('recraftv3_vector', 'Recraft V3 Vector', V3, VECTOR, 80),
  model('recraftv2', 'Recraft V2', V2, CLASSIC, 22),
  model('recraftv2_vector', 'Recraft V2 Vector', V2, VECTOR, 44),
];

const byName: ReadonlyMap<string, RecraftModel> = new Map(
  RECRAFT_MODELS.flatMap((card) => {
    const names = card.output === 'raster' ? [card.id, `${card.id}_raster`] : [card.id];
    return names.map((name) => [name, card] as const);
  }),
);

/** The card of a model by its name or its `_raster` alias; undefined where the catalogue does not know it. */
export function findModel(id: string): RecraftModel | undefined {
  return byName.get(id);
}

const vectorTwins: ReadonlyMap<RecraftModel, RecraftModel> = new Map(
  RECRAFT_MODELS.filter(({ line }) => line !== 'v4').flatMap((card) => {
    const twin = byName.get(`${card.id}_vector`);
    return twin === undefined ? [] : [[card, twin] as const];
  }),
);

/**
 * The model that Recraft draws and charges with: on V2 and V3 a vector style makes an SVG at the vector model's price,
 * whatever the model's name says (recraft-api.md §3, recorded 2026-08-04).
 */
export function drawnBy(card: RecraftModel, style: string | undefined): RecraftModel {
  if (style === undefined) return card;
  const twin = vectorTwins.get(card);
  return twin?.styles.has(style) === true ? twin : card;
}
