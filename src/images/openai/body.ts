import { GatewayError } from '../../errors/gateway-error.js';

export type Fields = Record<string, unknown>;

/** Deeper than any field of either API; bounds the recursion of everything that walks a body. */
const MAX_DEPTH = 32;

/** Assigning to these would reach into an object's prototype. */
const UNSAFE_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Makes one flat set of fields of a body: `extra_body`, which users of OpenAI's JavaScript SDK send by mistake, is merged
 * as the Python SDK does it, and `null` means "not given" (openai-images.md §2.1, §3.1).
 *
 * @throws GatewayError where `extra_body` is no object, or nesting is absurd
 */
export function prepareBody(body: Fields): Fields {
  const { extra_body: extra, ...own } = body;
  if (extra === undefined || extra === null) return withoutNulls(own);
  if (!isObject(extra)) throw new GatewayError('invalidType', 'extra_body must be an object.', { param: 'extra_body' });
  return withoutNulls({ ...own, ...extra });
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutNulls(fields: Fields, depth = 1, param?: string): Fields {
  const kept: Fields = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined || UNSAFE_NAMES.has(name)) continue;
    kept[name] = typeof value === 'object' ? deeper(value, depth, param ?? name) : value;
  }
  return kept;
}

function deeper(value: object, depth: number, param: string): unknown {
  if (depth === MAX_DEPTH) throw new GatewayError('invalidValue', `${param} is nested too deeply.`, { param });
  if (!Array.isArray(value)) return withoutNulls(value as Fields, depth + 1, param);
  return value.map((element: unknown) =>
    typeof element === 'object' && element !== null ? deeper(element, depth + 1, param) : element,
  );
}
