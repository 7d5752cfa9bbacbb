import { GatewayError } from '../errors/gateway-error.js';

export type Fields = Record<string, unknown>;

/** Deeper than any field of either API; bounds the recursion of everything that walks a body. */
const MAX_DEPTH = 32;

/** More than any request has; bounds the time that everything behind this takes over a body. */
const MAX_VALUES = 4_000;

/** Assigning to these would reach into an object's prototype. */
const UNSAFE_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Makes one flat set of fields of a body: `extra_body`, which users of OpenAI's JavaScript SDK send by mistake, is merged
 * as the Python SDK does it, and `null` means "not given" (openai-images.md §2.1, §3.1).
 *
 * @throws GatewayError where `extra_body` is no object, or the body is absurd in depth, number or names
 */
export function prepareBody(body: Fields): Fields {
  const { extra_body: extra, ...own } = body;
  const walk = new Walk();
  if (extra === undefined || extra === null) return walk.object(own);
  if (!isObject(extra)) throw new GatewayError('invalidType', 'extra_body must be an object.', { param: 'extra_body' });
  return walk.object({ ...own, ...extra });
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Copies a body without its nulls, and counts what it sees. */
class Walk {
  private values = 0;

  object(fields: Fields, depth = 1, param?: string): Fields {
    const kept: Fields = {};
    for (const name of Object.keys(fields)) {
      const value = fields[name];
      this.count(param ?? name);
      if (UNSAFE_NAMES.has(name))
        throw new GatewayError('invalidValue', `No field is called ${name}.`, { param: name });
      if (value === null || value === undefined) continue;
      kept[name] = typeof value === 'object' ? this.deeper(value, depth, param ?? name) : value;
    }
    return kept;
  }

  private deeper(value: object, depth: number, param: string): unknown {
    if (depth === MAX_DEPTH) throw new GatewayError('invalidValue', `${param} is nested too deeply.`, { param });
    if (!Array.isArray(value)) return this.object(value as Fields, depth + 1, param);
    return value.map((element: unknown) => {
      this.count(param);
      return typeof element === 'object' && element !== null ? this.deeper(element, depth + 1, param) : element;
    });
  }

  private count(param: string): void {
    if (++this.values > MAX_VALUES) {
      throw new GatewayError('invalidValue', `The body has more than ${MAX_VALUES} values.`, {
        param: param.slice(0, 100),
      });
    }
  }
}
