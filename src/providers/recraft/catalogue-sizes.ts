/** The sizes of one column of recraft-api.md §3.1. */
export interface SizeColumn {
  /** Pixels by aspect; undefined where the output is a drawing, which has none. */
  readonly sizes: ReadonlyMap<string, string | undefined>;
  /** Every spelling of a size that a caller may use, and the one Recraft takes for it. */
  readonly accepted: ReadonlyMap<string, string>;
}

/** Aspect, 1K, 2K, V2 and V3. The aspects work on every model, pixels only in the model's own column. */
const ROWS = [
  ['1:1', '1024x1024', '2048x2048', '1024x1024'],
  ['2:1', '1536x768', '3072x1536', '2048x1024'],
  ['1:2', '768x1536', '1536x3072', '1024x2048'],
  ['3:2', '1280x832', '2560x1664', '1536x1024'],
  ['2:3', '832x1280', '1664x2560', '1024x1536'],
  ['4:3', '1216x896', '2432x1792', '1365x1024'],
  ['3:4', '896x1216', '1792x2432', '1024x1365'],
  ['5:4', '1152x896', '2304x1792', '1280x1024'],
  ['4:5', '896x1152', '1792x2304', '1024x1280'],
  ['6:10', '832x1344', '1664x2688', '1024x1707'],
  ['14:10', '1280x896', '2560x1792', '1434x1024'],
  ['10:14', '896x1280', '1792x2560', '1024x1434'],
  ['16:9', '1344x768', '2688x1536', '1820x1024'],
  ['9:16', '768x1344', '1536x2688', '1024x1820'],
] as const;

const ASPECTS = ROWS.map(([aspect]) => aspect);

/** Sizes that OpenAI's clients send by habit (openai-images.md §1.3, §3.1). */
const OPENAI_SIZES = ['256x256', '512x512', '1024x1024', '1792x1024', '1024x1792', '1536x1024', '1024x1536'];

/**
 * How wide a size is: 0 for a square, negative for a portrait.
 * A logarithm, so that a portrait is as far from its neighbours as the landscape it mirrors.
 */
function shapeOf(size: string): number {
  const [width = NaN, height = NaN] = size.split(/[x:]/).map(Number);
  return Math.log(width / height);
}

/** The candidate whose shape is closest. Each column has squares, portraits and landscapes, so orientation is kept. */
export function nearest(size: string, candidates: readonly string[]): string {
  const distance = (candidate: string) => Math.abs(shapeOf(candidate) - shapeOf(size));
  return candidates.reduce((best, candidate) => (distance(candidate) < distance(best) ? candidate : best));
}

const asTheyAre = (sizes: readonly string[]) => sizes.map((size) => [size, size] as const);

/** A raster column; `also` are sizes that Recraft takes and its table does not list. */
function rasterColumn(column: 1 | 2 | 3, also: readonly string[] = []): SizeColumn {
  const pixels = ROWS.map((row) => row[column]);
  return {
    sizes: new Map(ROWS.map((row) => [row[0], row[column]])),
    // The later entry wins: a size of the model's own column stays as it is.
    accepted: new Map([
      ...OPENAI_SIZES.map((size) => [size, nearest(size, pixels)] as const),
      ...asTheyAre([...ASPECTS, ...pixels, ...also]),
    ]),
  };
}

function vectorColumn(): SizeColumn {
  return {
    sizes: new Map(ASPECTS.map((aspect) => [aspect, undefined])),
    accepted: new Map([
      ...OPENAI_SIZES.map((size) => [size, nearest(size, ASPECTS)] as const),
      ...ROWS.flatMap(([aspect, ...pixels]) => pixels.map((size) => [size, aspect] as const)),
      ...asTheyAre(ASPECTS),
    ]),
  };
}

/** V4.1, V4.1 Utility, V4.1 Flash, V4 and V4 Styles. */
export const ONE_K = rasterColumn(1);

/** Every raster Pro. */
export const TWO_K = rasterColumn(2);

/** Raster V2 and V3; 1707x1024 stands in Recraft's OpenAPI document (`ImageSize`) and in no row of its table. */
export const CLASSIC = rasterColumn(3, ['1707x1024']);

/** Every vector model: Recraft documents aspects alone, so that pixels known from elsewhere become their aspect. */
export const VECTOR = vectorColumn();
