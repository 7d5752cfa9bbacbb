import { type Raster, WHITE } from './raster.js';

/** Longest a traced picture's paths may be, in characters: what does not fit is traced more coarsely. */
const MAX_LENGTH = 200_000;

/** Levels of each channel that are told apart, where all of them are too many. */
const LEVELS = 8;

/** How a picture is traced: by cells of so many pixels a side, in so many levels of each channel. */
interface Grain {
  readonly cell: number;
  readonly levels: number;
}

/**
 * An SVG of a picture's regions of one colour, each a path of its runs; leaves out what `hidden` shows in white. A flat
 * picture is traced to the pixel, any other as exactly as its SVG stays small.
 */
export function traced(picture: Raster, hidden?: Raster, maxLength = MAX_LENGTH): string {
  const { width, height } = picture;
  let grain: Grain = { cell: 1, levels: 256 };
  let paths = pathsOf(picture, hidden, grain, maxLength);
  while (paths === undefined) {
    grain = grain.levels > LEVELS ? { cell: 1, levels: LEVELS } : { ...grain, cell: grain.cell * 2 };
    paths = pathsOf(picture, hidden, grain, maxLength);
  }
  const shapes = Array.from(paths, ([color, path]) => `<path fill="${rgb(color)}" d="${path}"/>`).join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    `<metadata>Simulated by the image-gateway sandbox</metadata>${shapes}</svg>`
  );
}

const NONE = -1;

/** The runs of each colour; undefined where they are too long. A cell at the end of a row or column may be cut short. */
function pathsOf(
  picture: Raster,
  hidden: Raster | undefined,
  grain: Grain,
  maxLength: number,
): Map<number, string> | undefined {
  const { width, height } = picture;
  const { cell } = grain;
  const paths = new Map<number, string>();
  let length = 0;
  for (let y = 0; y < height; y += cell) {
    const down = Math.min(cell, height - y);
    for (const { color, from, to } of runsOf(picture, hidden, y, grain)) {
      const run = `M${from} ${y}H${to}v${down}H${from}z`;
      paths.set(color, (paths.get(color) ?? '') + run);
      length += run.length;
    }
    if (length > maxLength && cell < Math.max(width, height)) return undefined;
  }
  return paths;
}

/** Cells of one colour side by side, in pixels. */
interface Run {
  readonly color: number;
  readonly from: number;
  readonly to: number;
}

function runsOf(picture: Raster, hidden: Raster | undefined, y: number, { cell, levels }: Grain): Run[] {
  const { data, width, height } = picture;
  const middle = cell >> 1;
  const row = Math.min(height - 1, y + middle) * width;
  const runs: Run[] = [];
  let from = 0;
  let color = NONE;
  const endAt = (to: number): void => {
    if (color !== NONE) runs.push({ color, from, to });
  };
  for (let x = 0; x < width; x += cell) {
    const at = row + Math.min(width - 1, x + middle);
    const next = hidden?.data[at] === WHITE ? NONE : levelled(data, at * 3, levels);
    if (next === color) continue;
    endAt(x);
    from = x;
    color = next;
  }
  endAt(width);
  return runs;
}

/** A pixel's colour in so many levels of each channel, as one number. */
function levelled(data: Buffer, at: number, levels: number): number {
  const step = 256 / levels;
  const level = (value = 0): number => Math.round((Math.floor(value / step) * 255) / (levels - 1));
  return (level(data[at]) << 16) | (level(data[at + 1]) << 8) | level(data[at + 2]);
}

function rgb(color: number): string {
  return `#${color.toString(16).padStart(6, '0')}`;
}
