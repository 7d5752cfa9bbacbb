import type { PixelSize } from './pixel-size.js';

/** Pixels in one unit of length (CSS Values §6.2); a unit that is not here depends on where the picture is shown. */
const PIXELS: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['px', 1],
  ['pt', 96 / 72],
  ['pc', 16],
  ['mm', 96 / 25.4],
  ['cm', 96 / 2.54],
  ['in', 96],
]);

/** What may stand before the root element of an XML file, by how it starts and ends. */
const PROLOGUE = [
  ['<?', '?>'],
  ['<!--', '-->'],
] as const;

export interface SvgHead {
  /** Undefined where neither width and height nor the viewBox tell. */
  readonly size: PixelSize | undefined;
}

/** Reads the root element of an SVG file; undefined where the text does not start like one. */
export function readSvgHead(text: string): SvgHead | undefined {
  const start = skipPrologue(text);
  const root = /<(?:[\w-]{1,32}:)?svg(?=[\s/>])/y;
  root.lastIndex = start;
  if (!root.test(text)) return undefined;
  return { size: sizeFrom(attributesFrom(text, root.lastIndex)) };
}

/** Where the root element starts, after byte order mark, declaration, comments and document type. */
function skipPrologue(text: string): number {
  let at = text.startsWith('\uFEFF') ? 1 : 0;
  for (;;) {
    while (/\s/.test(text.charAt(at))) at += 1;
    const opened = at;
    const known = PROLOGUE.find(([start]) => text.startsWith(start, opened));
    if (known) at = endOf(text, known[1], opened);
    else if (/^<!doctype/i.test(text.slice(opened, opened + 9))) at = endOfDoctype(text, opened);
    else return at;
  }
}

function endOf(text: string, end: string, from: number): number {
  const found = text.indexOf(end, from);
  return found === -1 ? text.length : found + end.length;
}

/** A document type may declare entities in brackets, with `>` in them. */
function endOfDoctype(text: string, from: number): number {
  const bracket = text.indexOf('[', from);
  const close = endOf(text, '>', from);
  return bracket === -1 || bracket >= close ? close : endOf(text, '>', endOf(text, ']', bracket));
}

function attributesFrom(text: string, from: number): ReadonlyMap<string, string> {
  const attributes = new Map<string, string>();
  const attribute = /\s+([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;
  attribute.lastIndex = from;
  for (let match = attribute.exec(text); match; match = attribute.exec(text)) {
    attributes.set(match[1] ?? '', match[2] ?? match[3] ?? '');
  }
  return attributes;
}

function sizeFrom(attributes: ReadonlyMap<string, string>): PixelSize | undefined {
  const width = pixels(attributes.get('width'));
  const height = pixels(attributes.get('height'));
  if (width !== undefined && height !== undefined) return { width, height };

  const box =
    attributes
      .get('viewBox')
      ?.trim()
      .split(/[\s,]+/) ?? [];
  const [boxWidth, boxHeight] = [pixels(box[2]), pixels(box[3])];
  return boxWidth === undefined || boxHeight === undefined ? undefined : { width: boxWidth, height: boxHeight };
}

function pixels(length: string | undefined): number | undefined {
  const match = /^\s*\+?(\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})(\w{0,2})\s*$/.exec(length ?? '');
  const unit = PIXELS.get(match?.[2]?.toLowerCase() ?? '');
  if (!match || unit === undefined) return undefined;
  const count = Math.round(Number(match[1]) * unit);
  return count > 0 ? count : undefined;
}
