import { GatewayError } from '../errors/gateway-error.js';

/*
 * Readers of values that arrive as text. Each takes the text and the field's name in the caller's spelling,
 * and throws GatewayError invalidType naming the field where the text is something else.
 */

export function parseInteger(text: string, param: string): number {
  const value = /^\s*[+-]?\d+(?:\.0*)?\s*$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value)) throw wrongType(param, 'a whole number', text);
  return value;
}

export function parseNumber(text: string, param: string): number {
  const value = /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?\s*$/i.test(text) ? Number(text) : NaN;
  if (!Number.isFinite(value)) throw wrongType(param, 'a number', text);
  return value;
}

const WORDS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

/** Takes Python's `True` and `False` as well. */
export function parseBoolean(text: string, param: string): boolean {
  const value = WORDS.get(text.trim().toLowerCase());
  if (value === undefined) throw wrongType(param, 'true or false', text);
  return value;
}

export function parseJson(text: string, param: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw wrongType(param, 'JSON text', text, cause);
  }
}

/** A list as JSON text; any other text is the one element of a list. */
export function parseList(text: string, param: string): unknown {
  return /^\s*\[/.test(text) ? parseJson(text, param) : [text];
}

/** Whether a text is JSON's null, which clients write into forms as well. */
export function isNullText(text: string): boolean {
  return text.trim() === 'null';
}

function wrongType(param: string, expected: string, text: string, cause?: unknown): GatewayError {
  const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return new GatewayError('invalidType', `${param} must be ${expected}, not '${shown}'.`, { param, cause });
}
