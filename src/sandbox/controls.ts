import { Refusal } from './answer.js';

type Rgb = readonly [number, number, number];

/** The colours a caller asked for; the other controls change nothing in a simulated picture. */
export interface Colors {
  readonly colors: readonly Rgb[];
  readonly background?: Rgb;
}

/**
 * Checks `controls` (recraft-api.md §4.7).
 *
 * @throws Refusal naming the member that is wrong
 */
export function readControls(controls: unknown): Colors {
  if (controls === undefined) return { colors: [] };
  const {
    colors,
    background_color: background,
    artistic_level: level,
    no_text: noText,
  } = requireObject(controls, 'controls');
  if (isGiven(level) && !isWithin(level, 0, 5, true)) throw wrong('controls.artistic_level', 'an integer from 0 to 5');
  if (isGiven(noText) && typeof noText !== 'boolean') throw wrong('controls.no_text', 'a boolean');
  return {
    colors: isGiven(colors) ? readColors(colors) : [],
    ...(isGiven(background) && { background: readColor(background, 'controls.background_color').rgb }),
  };
}

function readColors(colors: unknown): Rgb[] {
  if (!Array.isArray(colors) || colors.length > 10) throw wrong('controls.colors', 'an array of at most 10 colors');
  const read = colors.map((color: unknown, index) => readColor(color, `controls.colors[${index}]`));
  const weights = read.map(({ weight }) => weight).filter((weight) => weight !== undefined);
  if (weights.length > 0 && weights.length < read.length) throw wrong('controls.colors', 'weighted all or none');
  // A little slack, for 0.7 + 0.2 + 0.1 is more than 1 in binary.
  if (weights.reduce((sum, weight) => sum + weight, 0) > 1 + 1e-6)
    throw wrong('controls.colors', 'of weights up to 1 together');
  return read.map(({ rgb }) => rgb);
}

function readColor(color: unknown, name: string): { rgb: Rgb; weight: number | undefined } {
  const { rgb, weight } = requireObject(color, name);
  if (!Array.isArray(rgb) || rgb.length !== 3 || !rgb.every((value) => isWithin(value, 0, 255, true))) {
    throw wrong(`${name}.rgb`, 'three integers from 0 to 255');
  }
  if (isGiven(weight) && !isWithin(weight, 0, 1, false)) throw wrong(`${name}.weight`, 'a number from 0 to 1');
  const [red, green, blue] = rgb as [number, number, number];
  return { rgb: [red, green, blue], weight: isGiven(weight) ? Number(weight) : undefined };
}

/** One word's place in the picture: four corners, relative to its sides (recraft-api.md §4.8). */
const LETTERS = /^[!"#$%&'()*+,\-./0-9:;<>?@A-Z_{}ØĐĦŁŊŦΑΒΕΖΗΙΚΜΝΟΡΤΥΧІАВЕКМНОРСТУХßẞ]+$/u;

/** @throws Refusal naming the item that is wrong */
export function checkTextLayout(layout: unknown): void {
  if (layout === undefined) return;
  if (!Array.isArray(layout)) throw wrong('text_layout', 'an array');
  for (const [index, item] of layout.entries()) {
    const { text, bbox } = requireObject(item, `text_layout[${index}]`);
    // Lower case is folded to upper, as the documentation's own example needs (inferred).
    if (typeof text !== 'string' || !LETTERS.test(text.toUpperCase()))
      throw wrong(`text_layout[${index}].text`, 'of supported characters');
    if (!Array.isArray(bbox) || bbox.length !== 4 || !bbox.every(isPoint))
      throw wrong(`text_layout[${index}].bbox`, 'four points');
  }
}

function isPoint(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((number) => typeof number === 'number');
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function isWithin(value: unknown, low: number, high: number, whole: boolean): boolean {
  return typeof value === 'number' && value >= low && value <= high && (!whole || Number.isInteger(value));
}

function requireObject(value: unknown, name: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(name, 'an object');
  return value as Record<string, unknown>;
}

function wrong(name: string, rule: string): Refusal {
  return new Refusal(`Parameter '${name}' must be ${rule}`);
}
