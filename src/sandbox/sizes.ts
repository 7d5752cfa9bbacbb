/** A family's pixel sizes by aspect (recraft-api.md §3.1). */
export type SizeTable = ReadonlyMap<string, string>;

const ASPECTS = [
  '1:1',
  '2:1',
  '1:2',
  '3:2',
  '2:3',
  '4:3',
  '3:4',
  '5:4',
  '4:5',
  '6:10',
  '14:10',
  '10:14',
  '16:9',
  '9:16',
];

function table(sizes: string): SizeTable {
  const pixels = sizes.split(' ');
  return new Map(ASPECTS.map((aspect, index) => [aspect, pixels[index] ?? '']));
}

/** V4.1, V4.1 Utility, V4.1 Flash, V4 and V4 Styles. */
export const SIZES_1K = table(
  '1024x1024 1536x768 768x1536 1280x832 832x1280 1216x896 896x1216 1152x896 896x1152 832x1344 1280x896 896x1280 1344x768 768x1344',
);
/** Every Pro model. */
export const SIZES_2K = table(
  '2048x2048 3072x1536 1536x3072 2560x1664 1664x2560 2432x1792 1792x2432 2304x1792 1792x2304 1664x2688 2560x1792 1792x2560 2688x1536 1536x2688',
);
/** V2 and V3. */
export const SIZES_V3 = table(
  '1024x1024 2048x1024 1024x2048 1536x1024 1024x1536 1365x1024 1024x1365 1280x1024 1024x1280 1024x1707 1434x1024 1024x1434 1820x1024 1024x1820',
);

/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Pixels of a `w:h` or `WxH`; undefined where the family does not have it. */
export function findSize(sizes: SizeTable, wanted: string): Size | undefined {
  const pixels = sizes.get(wanted) ?? [...sizes.values()].find((size) => size === wanted);
  return pixels === undefined ? undefined : parse(pixels);
}

/** The family's size whose shape is nearest to a picture's. */
export function nearestSize(sizes: SizeTable, source: Size): Size {
  const distance = ({ width, height }: Size): number =>
    Math.abs(Math.log(width / height) - Math.log(source.width / source.height));
  return [...sizes.values()].map(parse).reduce((best, size) => (distance(size) < distance(best) ? size : best));
}

function parse(pixels: string): Size {
  const [width = 0, height = 0] = pixels.split('x').map(Number);
  return { width, height };
}
