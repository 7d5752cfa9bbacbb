import { GatewayError } from '../../errors/gateway-error.js';

/** What Recraft can letter (recraft-api.md §4.8). Small letters become capital ones, as its own example needs. */
const LETTERABLE =
  /^[!"#$%&'()*+,\-./0-9:;<>?@A-Z_{}ØĐĦŁŊŦ\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u0406\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425ßẞ]+$/u;

/**
 * Checks words and their places: a word has letters that Recraft has, and no space; its box has four points.
 *
 * @throws GatewayError naming the item's member
 */
export function checkTextLayout(items: readonly unknown[] | undefined): void {
  for (const [index, item] of (items ?? []).entries()) {
    const { text, bbox } = item as { text?: unknown; bbox?: unknown };
    const odd = Array.from(String(text)).find((letter) => !LETTERABLE.test(letter.toUpperCase()));
    if (odd !== undefined) {
      const message =
        odd.trim() === ''
          ? 'Recraft takes one word in each item, and no space in it.'
          : `Recraft cannot letter '${odd}'. It has A to Z, digits, common signs, and some Greek and Cyrillic capitals.`;
      throw new GatewayError('unsupportedValue', message, { param: `text_layout[${index}].text` });
    }
    if (Array.isArray(bbox) && bbox.every(isPoint)) continue;
    const message = 'A box has four points, each of two numbers: [[0.2, 0.2], [0.8, 0.2], [0.8, 0.4], [0.2, 0.4]].';
    throw new GatewayError('invalidType', message, { param: `text_layout[${index}].bbox` });
  }
}

function isPoint(point: unknown): boolean {
  return Array.isArray(point) && point.length === 2 && point.every((value) => typeof value === 'number');
}
