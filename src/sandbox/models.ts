import { SIZES_1K, SIZES_2K, SIZES_V3, type SizeTable } from './sizes.js';

export type Output = 'raster' | 'vector';

/** One row of recraft-api.md §3. */
export interface Model {
  readonly id: string;
  readonly name: string;
  readonly output: Output;
  /** Price of a picture in API units. */
  readonly units: number;
  /** Which style names it knows: those of V2, those of V3, or none. */
  readonly line: 'v2' | 'v3' | 'v4';
  /** Whether `style_id` and style references are refused, welcome or compulsory. */
  readonly customStyle: 'refused' | 'allowed' | 'required';
  /** Whether it takes part in imageToImage. */
  readonly transforms: boolean;
  /** Longest prompt, in characters. */
  readonly promptMax: number;
  readonly sizes: SizeTable;
  /** First day of the month it came out in, where the day itself is unknown. */
  readonly released: string;
}

type Traits = Pick<Model, 'line' | 'customStyle' | 'transforms' | 'promptMax' | 'released'>;

const V4: Traits = { line: 'v4', customStyle: 'allowed', transforms: true, promptMax: 10_000, released: '2026-02-01' };
const V4_1: Traits = { ...V4, released: '2026-05-01' };
// Styles models on imageToImage: not stated anywhere, the tool page names V3, V4 and V4.1 alone.
const STYLES: Traits = { ...V4, customStyle: 'required', transforms: false, released: '2026-08-26' };
const FLASH: Traits = { ...V4, customStyle: 'refused', transforms: false, released: '2026-09-23' };
const V3: Traits = { line: 'v3', customStyle: 'allowed', transforms: true, promptMax: 1000, released: '2024-10-01' };
const V2: Traits = { line: 'v2', customStyle: 'allowed', transforms: false, promptMax: 1000, released: '2024-02-01' };

/** Output and sizes follow from the id and the line (recraft-api.md §3, suffix grammar). */
function model(id: string, name: string, units: number, traits: Traits): Model {
  const large = /_pro(_vector)?$/.test(id);
  const sizes = traits.line === 'v4' ? (large ? SIZES_2K : SIZES_1K) : SIZES_V3;
  return { id, name: `Recraft ${name}`, output: id.endsWith('_vector') ? 'vector' : 'raster', units, sizes, ...traits };
}

export const MODELS: readonly Model[] = [
  model('recraftv4_1', 'V4.1', 35, V4_1),
  model('recraftv4_1_vector', 'V4.1 Vector', 80, V4_1),
  model('recraftv4_1_pro', 'V4.1 Pro', 210, V4_1),
  model('recraftv4_1_pro_vector', 'V4.1 Pro Vector', 300, V4_1),
  model('recraftv4_1_utility', 'V4.1 Utility', 35, V4_1),
  model('recraftv4_1_utility_vector', 'V4.1 Utility Vector', 80, V4_1),
  model('recraftv4_1_utility_pro', 'V4.1 Utility Pro', 210, V4_1),
  model('recraftv4_1_utility_pro_vector', 'V4.1 Utility Pro Vector', 300, V4_1),
  model('recraftv4_1_flash', 'V4.1 Flash', 7, FLASH),
  model('recraftv4_1_flash_v2', 'V4.1 Flash V2', 7, { ...FLASH, released: '2026-11-01' }),
  model('recraftv4', 'V4', 40, V4),
  model('recraftv4_vector', 'V4 Vector', 80, V4),
  model('recraftv4_pro', 'V4 Pro', 250, V4),
  model('recraftv4_pro_vector', 'V4 Pro Vector', 300, V4),
  model('recraftv4_styles', 'V4 Styles', 35, STYLES),
  model('recraftv4_styles_vector', 'V4 Styles Vector', 50, STYLES),
  model('recraftv4_styles_pro', 'V4 Styles Pro', 100, STYLES),
  model('recraftv4_styles_pro_vector', 'V4 Styles Pro Vector', 120, STYLES),
  model('recraftv3', 'V3', 40, V3),
  model('recraftv3_vector', 'V3 Vector', 80, V3),
  model('recraftv2', 'V2', 22, V2),
  model('recraftv2_vector', 'V2 Vector', 44, V2),
];

const BY_ID = new Map(MODELS.map((entry) => [entry.id, entry]));

/** The model of an id; every raster id also answers to itself with `_raster` behind. */
export function findModel(id: string): Model | undefined {
  const plain = BY_ID.get(id);
  if (plain !== undefined) return plain;
  const aliased = id.endsWith('_raster') ? BY_ID.get(id.slice(0, -'_raster'.length)) : undefined;
  return aliased?.output === 'raster' ? aliased : undefined;
}

/** The vector model of the same line and grade: what a V2 or V3 model turns into under a vector style. */
export function vectorOf(raster: Model): Model {
  return BY_ID.get(`${raster.id}_vector`) ?? raster;
}
