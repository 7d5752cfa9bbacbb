import { Refusal } from './answer.js';
import type { Fields } from './body.js';

/** Reads a request's fields by type. Null and absent are the same (recraft-api.md §1); a form's text is read as what it should be. */
export class Parameters {
  constructor(private readonly fields: Fields) {}

  /** @throws Refusal where the value is no text */
  text(name: string): string | undefined {
    return this.#read(name, 'a string', (value) => (typeof value === 'string' ? value : undefined));
  }

  /** @throws Refusal where the value is no list of texts */
  texts(name: string): readonly string[] {
    const read = (value: unknown): string[] | undefined =>
      Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
    return this.#read(name, 'an array of strings', (value) => read(this.#parsed(value))) ?? [];
  }

  /** @throws Refusal where the value is no number */
  number(name: string): number | undefined {
    return this.#read(name, 'a number', (value) => {
      const parsed = this.#parsed(value);
      return typeof parsed === 'number' && Number.isFinite(parsed) ? parsed : undefined;
    });
  }

  /** @throws Refusal where the value is no whole number */
  integer(name: string): number | undefined {
    return this.#read(name, 'an integer', (value) => {
      const parsed = this.#parsed(value);
      return typeof parsed === 'number' && Number.isInteger(parsed) ? parsed : undefined;
    });
  }

  /** @throws Refusal where the value is neither true nor false */
  boolean(name: string): boolean | undefined {
    return this.#read(name, 'a boolean', (value) => {
      const parsed = this.#parsed(value);
      return typeof parsed === 'boolean' ? parsed : undefined;
    });
  }

  /** A nested value; a form carries it as JSON text (recraft-api.md §4.1, inferred). */
  nested(name: string): unknown {
    return this.#read(name, 'JSON', (value) => this.#parsed(value));
  }

  #read<Type>(name: string, kind: string, read: (value: unknown) => Type | undefined): Type | undefined {
    const raw = this.fields.values[name];
    // Of a field that a form repeats, the first counts.
    const value: unknown = this.fields.form && Array.isArray(raw) ? raw[0] : raw;
    if (value === undefined || value === null) return undefined;
    const result = read(value);
    if (result === undefined) throw new Refusal(`Parameter '${name}' must be ${kind}`);
    return result;
  }

  /** What a form's text says as JSON; undefined where it is none. */
  #parsed(value: unknown): unknown {
    if (!this.fields.form || typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return undefined;
    }
  }
}
