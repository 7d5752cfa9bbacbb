import { GatewayError } from '../errors/gateway-error.js';

export type Fields = Record<string, unknown>;

/** Deeper than any field of either API; bounds the recursion of everything that walks a body. */
const MAX_DEPTH = 32;

/** More than any request has; bounds the time that everything behind this takes over a body. */
const MAX_VALUES = 4_000;

const EXTRA = 'extra_body';

/** Assigning to these would reach into an object's prototype. */
const UNSAFE_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Makes one flat set of fields of a body: `extra_body`, which users of OpenAI's JavaScript SDK send by mistake, is merged
 * as the Python SDK does it, and `null` means "not given" (openai-images.md §2.1, §3.1).
 *
 * @throws GatewayError where `extra_body` is no object, or the body is absurd in depth, number or names
 */
export function prepareBody(body: Fields): Fields {
  if (isFlat(body)) return body;
  const extra = body[EXTRA];
  const walk = new Walk();
  // Copied without it in one go: taking one name out of an absurd body would copy all of it before it is counted.
  const own = walk.copy(body, {}, EXTRA);
  if (extra === undefined || extra === null) return own;
  if (!isObject(extra)) throw new GatewayError('invalidType', `${EXTRA} must be an object.`, { param: EXTRA });
  return walk.copy(extra, own);
}

/** Most bodies have a few fields that are given and hold no others: nothing is to be done about them. */
function isFlat(body: Fields): boolean {
  const names = Object.keys(body);
  if (names.length > MAX_VALUES) return false;
  for (const name of names) {
    const value = body[name];
    if (value === undefined || typeof value === 'object' || UNSAFE_NAMES.has(name) || name === EXTRA) return false;
  }
  return true;
}

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Copies a body without its nulls, and counts what it sees. */
class Walk {
  private values = 0;

  /** Copies fields over those that are kept already, apart from one; a null takes away what is there. */
  copy(fields: Fields, kept: Fields, except?: string): Fields {
    for (const name of Object.keys(fields)) if (name !== except) this.field(name, fields[name], kept, 1, name);
    return kept;
  }

  private field(name: string, value: unknown, kept: Fields, depth: number, param: string): void {
    this.count(param);
    if (UNSAFE_NAMES.has(name)) throw new GatewayError('invalidValue', `No field is called ${name}.`, { param: name });
    if (value !== null && value !== undefined) {
      kept[name] = typeof value === 'object' ? this.deeper(value, depth, param) : value;
    } else if (name in kept) Reflect.deleteProperty(kept, name);
  }

  private deeper(value: object, depth: number, param: string): unknown {
    if (depth === MAX_DEPTH) throw new GatewayError('invalidValue', `${param} is nested too deeply.`, { param });
    if (!Array.isArray(value)) return this.object(value as Fields, depth + 1, param);
    return value.map((element: unknown) => {
      this.count(param);
      return typeof element === 'object' && element !== null ? this.deeper(element, depth + 1, param) : element;
    });
  }

  private object(fields: Fields, depth: number, param: string): Fields {
    const kept: Fields = {};
    for (const name of Object.keys(fields)) this.field(name, fields[name], kept, depth, param);
    return kept;
  }

  private count(param: string): void {
    if (++this.values > MAX_VALUES) {
      throw new GatewayError('invalidValue', `The body has more than ${MAX_VALUES} values.`, {
        param: param.slice(0, 100),
      });
    }
  }
}
