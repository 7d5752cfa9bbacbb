import type { Controls, GenerateRequest } from './image-request.js';

export type Fields = Record<string, unknown>;

/** Fields with a place of their own in a request that is drawn from words. */
export const DRAWING_FIELDS: ReadonlySet<string> = new Set([
  'prompt', 'n', 'size', 'response_format', 'style', 'substyle', 'style_id', 'negative_prompt', 'controls', 'text_layout',
  'random_seed', 'image_format', 'strength',
]); // prettier-ignore

/** Those of them by their wire names, as a DTO has checked them. */
export interface DrawingFields {
  readonly prompt?: string;
  readonly n?: number;
  readonly style?: string;
  readonly substyle?: string;
  readonly style_id?: string;
  readonly negative_prompt?: string;
  readonly controls?: Controls;
  readonly text_layout?: readonly unknown[];
  readonly random_seed?: number;
}

/** What every drawing has, except how it comes back. */
export type DrawingPart = Omit<
  GenerateRequest,
  'operation' | 'size' | 'only' | 'styleReferences' | 'responseFormat' | 'imageFormat' | 'extra'
>;

/** A DTO also has its unset properties, which must not hide a default; an empty text means as little. */
export function given(dto: object): Readonly<Fields> {
  const all = dto as Readonly<Fields>;
  const names = Object.keys(all);
  if (names.every((name) => saysSomething(name, all[name]))) return all;
  return Object.fromEntries(names.filter((name) => saysSomething(name, all[name])).map((name) => [name, all[name]]));
}

function saysSomething(name: string, value: unknown): boolean {
  return value !== undefined && !(value === '' && DRAWING_FIELDS.has(name));
}

/** The caller's fields over the defaults. What the caller says about its style replaces the default style as a whole. */
export function merge(defaults: Readonly<Fields>, asked: Readonly<Fields>): Fields {
  if (asked['style'] === undefined && asked['style_id'] === undefined) return { ...defaults, ...asked };
  const { style, substyle, style_id, ...others } = defaults;
  return { ...others, ...asked };
}

/**
 * The request's words for the wire's fields. All of them, given or not: objects of one shape are read and copied several
 * times as fast as those that are put together of parts, and every request is one.
 */
export function drawingOf(known: DrawingFields): DrawingPart {
  return {
    prompt: known.prompt ?? '',
    count: known.n ?? 1,
    style: known.style,
    substyle: known.substyle,
    styleId: known.style_id,
    negativePrompt: known.negative_prompt,
    controls: known.controls,
    textLayout: known.text_layout,
    randomSeed: known.random_seed,
  };
}

/** A property where there is a value for it. */
export function present<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, V>);
}
