import { outlineOf, widthOf, wrap } from './lettering.js';
import { paletteOf, type Palette, type Rgb } from './palette.js';
import { hashOf, randomFrom } from './random.js';
import { SCENES } from './scenes.js';
import { filled, rectangle, round, roundedRectangle } from './shapes.js';

/** All that a simulated picture depends on: the same order gives the same picture, byte for byte. */
export interface DrawingOrder {
  readonly prompt: string;
  /** Whatever gives a picture its look: model and style together. */
  readonly look: string;
  readonly seed: number;
  /** Which of the pictures of one request. */
  readonly index: number;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  readonly colors?: readonly Rgb[];
  readonly background?: Rgb;
  /** How far the drawing covers what lies beneath, 0 to 1. */
  readonly opacity?: number;
  /** SVG elements of the same canvas that lie beneath the drawing. */
  readonly beneath?: string;
}

/** Longest part of a prompt that is written into its picture, in characters. */
const LETTERED = 360;

/** The picture as an SVG document made of paths: a scene, the prompt on a label, and the word "sandbox". */
export function drawSvg(order: DrawingOrder): string {
  const { prompt, look, seed, index, width, height, opacity = 1, beneath = '' } = order;
  const random = randomFrom([prompt, look, seed, index].join('\u0000'));
  const palette = paletteOf(look, random, order.colors, order.background);
  const scene = SCENES[(hashOf(prompt) + hashOf(look)) % SCENES.length]?.({ width, height, palette, random }) ?? '';
  const faded = opacity < 1 ? ` opacity="${opacity}"` : '';
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">` +
    '<metadata>Simulated by the image-gateway sandbox</metadata>' +
    `${beneath}<g${faded}>${backdrop(palette, width, height)}${scene}${label(prompt, palette, width, height)}</g>` +
    `${mark(palette, width, height)}</svg>`
  );
}

function backdrop({ backdrop: [top, bottom] }: Palette, width: number, height: number): string {
  return (
    `<linearGradient id="backdrop" x2="0" y2="1"><stop stop-color="${top}"/><stop offset="1" stop-color="${bottom}"/></linearGradient>` +
    filled(rectangle(0, 0, width, height), 'url(#backdrop)')
  );
}

/** The prompt in the largest letters that fit a label over the lower part of the picture. */
function label(prompt: string, palette: Palette, width: number, height: number): string {
  const unit = Math.min(width, height) / 100;
  const margin = 4 * unit;
  const padding = 3 * unit;
  const { lines, fontSize } = setText(plain(prompt), width - 2 * (margin + padding), height * 0.26, unit);
  const leading = fontSize * 1.3;
  const labelWidth = Math.max(...lines.map((line) => widthOf(line, fontSize))) + 2 * padding;
  const labelHeight = lines.length * leading + 1.6 * padding;
  const top = height - margin - labelHeight;
  const outline = lines.map((line, row) =>
    outlineOf(line, margin + padding, top + 0.8 * padding + row * leading + fontSize, fontSize),
  );
  return (
    filled(roundedRectangle(margin, top, labelWidth, labelHeight, 2 * unit), palette.paper, 0.92) +
    filled(outline.join(''), palette.ink)
  );
}

/** One line of printable text, cut where a label could not hold it. */
function plain(prompt: string): string {
  const characters = Array.from(prompt.replaceAll(/[\s\p{C}]+/gu, ' ').trim());
  return characters.length <= LETTERED ? characters.join('') : `${characters.slice(0, LETTERED).join('')}…`;
}

function setText(text: string, width: number, height: number, unit: number): { lines: string[]; fontSize: number } {
  const sizes = [6, 5, 4.2, 3.5, 3, 2.6];
  for (const size of sizes) {
    const lines = wrap(text, size * unit, width);
    if (lines.length * size * unit * 1.3 <= height) return { lines, fontSize: size * unit };
  }
  const fontSize = 2.6 * unit;
  const room = Math.max(1, Math.floor(height / (fontSize * 1.3)));
  const lines = wrap(text, fontSize, width - fontSize).slice(0, room);
  return { lines: [...lines.slice(0, -1), `${lines.at(-1) ?? ''}…`], fontSize };
}

/** Simulated things say so: the word stays readable however faint the drawing is. */
function mark(palette: Palette, width: number, height: number): string {
  const unit = Math.min(width, height) / 100;
  const fontSize = 2.2 * unit;
  const wide = widthOf('sandbox', fontSize) + 2.4 * unit;
  const left = width - wide - 2 * unit;
  const tag = filled(roundedRectangle(left, 2 * unit, wide, 3.6 * unit, 1.8 * unit), palette.paper, 0.85);
  return tag + filled(outlineOf('sandbox', left + 1.2 * unit, 4.5 * unit, fontSize), palette.ink);
}

/** Cells of colour that stand for a picture under a drawing: a vector answer holds no pixels. */
export function mosaic(
  cells: { data: Uint8Array; columns: number; rows: number },
  width: number,
  height: number,
): string {
  const { data, columns, rows } = cells;
  const across = width / columns;
  const down = height / rows;
  let parts = '';
  for (let cell = 0; cell < columns * rows; cell += 1) {
    const [red = 0, green = 0, blue = 0] = data.subarray(cell * 3, cell * 3 + 3);
    const x = round((cell % columns) * across);
    const y = round(Math.floor(cell / columns) * down);
    // Half a pixel of overlap hides the seams that smoothing would leave between neighbours.
    parts += `<path fill="rgb(${red},${green},${blue})" d="M${x} ${y}h${round(across + 0.5)}v${round(down + 0.5)}H${x}z"/>`;
  }
  return parts;
}
