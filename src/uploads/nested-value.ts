import { isNullText, parseBoolean, parseJson, parseNumber } from './text-values.js';

/** Recraft's nested fields that are numbers, or lists of them (recraft-api.md §4.7, §4.8). */
const NUMBERS: ReadonlySet<string> = new Set(['rgb', 'std', 'weight', 'bbox', 'artistic_level']);
const BOOLEANS: ReadonlySet<string> = new Set(['no_text']);
/** Nested fields that are objects or lists: whoever has one as a whole sends it as JSON text. */
const STRUCTURES: ReadonlySet<string> = new Set(['controls', 'colors', 'background_color', 'text_layout']);

/**
 * Gives a nested field's text the type that its name stands for; names that are not known stay text.
 *
 * @param path the field's name and what its brackets hold
 * @returns undefined where an empty text, or `null` for what is no text, means "not given"
 * @throws GatewayError invalidType naming the field
 */
export function nestedValue(path: readonly string[], text: string, name: string): unknown {
  const key = path.findLast((step) => !/^\d*$/.test(step)) ?? '';
  const isElement = path.at(-1) !== key;
  // An element cannot be left out: the ones after it would change places.
  const isTyped = STRUCTURES.has(key) || NUMBERS.has(key) || BOOLEANS.has(key);
  if ((text === '' || (isTyped && isNullText(text))) && !isElement) return undefined;
  if ((STRUCTURES.has(key) || NUMBERS.has(key)) && /^\s*[[{]/.test(text)) return parseJson(text, name);
  if (NUMBERS.has(key)) return parseNumber(text, name);
  if (BOOLEANS.has(key)) return parseBoolean(text, name);
  return text;
}
