import { GatewayError } from '../errors/gateway-error.js';
import { FORM_LIMITS } from './form-limits.js';
import { nestedValue } from './nested-value.js';

type Branch = Record<string, unknown> | unknown[];

/** How many values a list of this name holds before the next element of the list around it must have begun. */
const CAPACITY: ReadonlyMap<string, number> = new Map([
  ['rgb', 3],
  ['bbox', 4],
]);

/** A list directly inside a list holds points: `text_layout[][bbox][][]`. */
const POINT = 2;

const UNSAFE_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Makes one object of a form's text fields, given in the order they came. Nested fields may be spelled
 * `controls[no_text]`, `controls[colors][0][rgb][1]`, or flattened as OpenAI's SDKs do it: `controls[colors][][rgb][]`,
 * over and over (openai-images.md §2.1). Top-level values stay text, CRLF made LF; what is nested gets its type here.
 *
 * @throws GatewayError naming the field that cannot be understood or came twice
 */
export function decodeFields(entries: readonly (readonly [name: string, value: string])[]): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const [name, raw] of entries) {
    refuseObjectText(name, raw);
    const [root, ...steps] = pathOf(name);
    // Browsers and undici send line ends as CRLF whatever the text had.
    const text = raw.includes('\r\n') ? raw.replaceAll('\r\n', '\n') : raw;
    const value = steps.length === 0 ? text : nestedValue([root, ...steps], text, name);
    if (value !== undefined) insert(fields, [root, ...steps], value, name);
  }
  return fields;
}

/** JavaScript's text for an object somebody put into a form as it is; the Vercel AI SDK does (openai-images.md §2.3). */
function refuseObjectText(name: string, value: string): void {
  if (!/^\[object \w+\](?:,\[object \w+\])*$/.test(value)) return;
  throw new GatewayError('invalidType', `${name} arrived as '[object Object]'; send JSON.stringify(value) instead.`, {
    param: name,
  });
}

/** `controls[colors][]` → controls, colors, ''. */
function pathOf(name: string): [root: string, ...steps: string[]] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(name);
  if (!match) throw new GatewayError('invalidForm', `The field name '${name}' is not understood.`, { param: name });

  const [, root = '', brackets = ''] = match;
  const steps = brackets === '' ? [] : brackets.slice(1, -1).split('][');
  if (steps.length > FORM_LIMITS.nesting) {
    throw new GatewayError('invalidForm', `The field name '${name}' is nested too deeply.`, { param: name });
  }
  if ([root, ...steps].some((step) => UNSAFE_NAMES.has(step))) {
    throw new GatewayError('invalidForm', `The field name '${name}' is not allowed.`, { param: name });
  }
  return [root, ...steps];
}

function insert(branch: Branch, steps: readonly string[], value: unknown, name: string): void {
  const [step = '', ...rest] = steps;
  const key = Array.isArray(branch) ? indexFor(branch, step, rest, name) : keyFor(step, name);
  const slots = branch as Record<string | number, unknown>;
  const known = Object.hasOwn(slots, key);
  if (rest.length === 0) {
    if (known) throw ambiguous(name, `${name} was sent more than once.`);
    slots[key] = value;
    return;
  }
  const child = known ? slots[key] : isListStep(rest[0]) ? [] : {};
  if (!isBranch(child)) throw ambiguous(name, `${name} and another field of this form contradict each other.`);
  slots[key] = child;
  insert(child, rest, value, name);
}

function keyFor(step: string, name: string): string {
  if (step === '') throw ambiguous(name, `${name} and another field of this form contradict each other.`);
  return step;
}

/** `[]` stands for the last element as long as it has room, then for a new one; a number for that element. */
function indexFor(list: unknown[], step: string, rest: readonly string[], name: string): number {
  if (step === '') {
    const goesOn = rest.length > 0 && list.length > 0 && hasRoom(list.at(-1), rest, POINT);
    return goesOn ? list.length - 1 : list.length;
  }
  const index = isListStep(step) ? Number(step) : Infinity;
  if (index > list.length) throw ambiguous(name, `${name}: the indexes of a list count up from 0, one by one.`);
  return index;
}

/** Whether one more value at `steps` belongs into this element, or must begin the next one. */
function hasRoom(element: unknown, steps: readonly string[], capacity: number): boolean {
  if (!isBranch(element)) return false;
  const [step = '', ...rest] = steps;
  if (Array.isArray(element)) {
    const index = step === '' ? element.length - 1 : Number(step);
    const canGrow = step === '' ? element.length < capacity : index >= element.length;
    return canGrow || (rest.length > 0 && hasRoom(element[index], rest, POINT));
  }
  if (!Object.hasOwn(element, step)) return true;
  return rest.length > 0 && hasRoom(element[step], rest, CAPACITY.get(step) ?? Infinity);
}

function isListStep(step: string | undefined): boolean {
  return step !== undefined && /^\d*$/.test(step);
}

function isBranch(value: unknown): value is Branch {
  return typeof value === 'object' && value !== null;
}

function ambiguous(name: string, message: string): GatewayError {
  return new GatewayError('invalidValue', message, { param: name });
}
