import { isNullText, parseBoolean, parseInteger, parseJson, parseList, parseNumber } from './text-values.js';

export type ScalarKind = 'integer' | 'number' | 'boolean' | 'json' | 'list' | 'word' | 'string';

const READERS: Readonly<Record<ScalarKind, (text: string, param: string) => unknown>> = {
  integer: parseInteger,
  number: parseNumber,
  boolean: parseBoolean,
  json: parseJson,
  list: parseList,
  word: (text) => text,
  string: (text) => text,
};

/**
 * Gives a form's top-level texts the types of a JSON body, so that both kinds of body meet the same validation. Empty
 * text means "not given", and so does `null` where the type is not free text (OpenAI's client tells its users to send that
 * for null); names without a kind stay text; what is an object or a list already stays as it is.
 *
 * @throws GatewayError invalidType naming the field, for instance for "abc" as an integer
 */
export function coerceScalars(
  fields: Readonly<Record<string, unknown>>,
  kinds: Readonly<Record<string, ScalarKind>>,
): Record<string, unknown> {
  const coerced: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === '') continue;
    const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
    if (kind !== undefined && kind !== 'string' && isNull(value)) continue;
    coerced[name] = typeof value === 'string' && kind ? READERS[kind](value, name) : value;
  }
  return coerced;
}

function isNull(value: unknown): boolean {
  return typeof value === 'string' && isNullText(value);
}
