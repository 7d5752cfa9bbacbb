import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import opentype, { type Font, type PathCommand } from 'opentype.js';
import { round } from './shapes.js';

/**
 * Text as outlines. A bare machine has no fonts, so DejaVu comes with the package and its glyphs are drawn as paths.
 * Glyphs are set one by one, unshaped: every script the font has can be read, and no text can make the setting fail.
 */

let loaded: Font | undefined;

/** Parsing takes tens of milliseconds, so a sandbox that draws nothing does not pay for it. */
function font(): Font {
  if (loaded === undefined) {
    const path = createRequire(import.meta.url).resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf');
    loaded = opentype.parse(new Uint8Array(readFileSync(path)).buffer);
  }
  return loaded;
}

/** Width of one line in pixels. */
export function widthOf(text: string, fontSize: number): number {
  const { unitsPerEm } = font();
  let units = 0;
  for (const character of text) units += font().charToGlyph(character).advanceWidth ?? 0;
  return (units * fontSize) / unitsPerEm;
}

/** Outline of one line whose baseline starts at `x`, `y`. */
export function outlineOf(text: string, x: number, y: number, fontSize: number): string {
  const { unitsPerEm } = font();
  let outline = '';
  let at = x;
  for (const character of text) {
    const glyph = font().charToGlyph(character);
    outline += glyph.getPath(at, y, fontSize).commands.map(written).join('');
    at += ((glyph.advanceWidth ?? 0) * fontSize) / unitsPerEm;
  }
  return outline;
}

/** Written here because opentype.js 2.0.0 writes `NaN` for coordinates a hair above a whole number. */
function written(command: PathCommand): string {
  switch (command.type) {
    case 'Z':
      return 'z';
    case 'Q':
      return `Q${point(command.x1, command.y1)} ${point(command.x, command.y)}`;
    case 'C':
      return `C${point(command.x1, command.y1)} ${point(command.x2, command.y2)} ${point(command.x, command.y)}`;
    default:
      return command.type + point(command.x, command.y);
  }
}

function point(x: number, y: number): string {
  return `${round(x)} ${round(y)}`;
}

/** Breaks text into lines no wider than `width` pixels: between words, and inside a word only where it is too long. */
export function wrap(text: string, fontSize: number, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (widthOf(longer, fontSize) <= width) {
      line = longer;
      continue;
    }
    if (line !== '') lines.push(line);
    const pieces = chop(word, fontSize, width);
    line = pieces.pop() ?? '';
    lines.push(...pieces);
  }
  return [...lines, line];
}

function chop(word: string, fontSize: number, width: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  for (const character of word) {
    if (piece !== '' && widthOf(piece + character, fontSize) > width) {
      pieces.push(piece);
      piece = '';
    }
    piece += character;
  }
  return [...pieces, piece];
}
