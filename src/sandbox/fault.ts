import { jsonAnswer, textAnswer, type Answer } from './answer.js';

/** Trouble to make on purpose. One without status or body lets the request be answered as usual, late or cut off. */
export interface Fault {
  /** Path of the route to trouble, for instance `/v1/images/generations`; without it, any route of the API. */
  readonly path?: string;
  /** Answered instead of doing the work, which is then not charged; 200 where only a body is given. */
  readonly status?: number;
  /** Do the work and charge it, and answer with `status` all the same: a failure on the way back. */
  readonly charged?: boolean;
  /** Text goes out as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** Added to the answer, the usual one included. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Nothing is done before the request is let go (`release`) or its client has gone; a delay counts from then. */
  readonly held?: boolean;
  readonly delayMs?: number;
  /** Cuts the connection instead of answering. The work was done and is charged: lost on the way, as in real life. */
  readonly dropBeforeHeaders?: boolean;
  /** Cuts the connection after this many bytes of the body. */
  readonly dropAfterBytes?: number;
  /** How many requests it troubles; 1 without it. */
  readonly times?: number;
}

/** Faults that wait for their request, used up in order. */
export class FaultQueue {
  #pending: { fault: Fault; left: number }[] = [];

  add(faults: readonly Fault[]): void {
    this.#pending.push(...faults.map((fault) => ({ fault, left: fault.times ?? 1 })));
  }

  /** The first fault meant for this path; a fault that was used often enough is gone. */
  take(path: string): Fault | undefined {
    const entry = this.#pending.find(({ fault }) => fault.path === undefined || fault.path === path);
    if (entry === undefined) return undefined;
    entry.left -= 1;
    if (entry.left === 0) this.#pending = this.#pending.filter((other) => other !== entry);
    return entry.fault;
  }

  pending(): Fault[] {
    return this.#pending.map(({ fault, left }) => ({ ...fault, times: left }));
  }

  clear(): void {
    this.#pending = [];
  }
}

/** What a fault says instead of the usual answer; undefined where it lets the work be done. */
export function answerOf(fault: Fault): Answer | undefined {
  const { status = 200, body, contentType } = fault;
  if (fault.status === undefined && body === undefined) return undefined;
  const answer = typeof body === 'string' ? textAnswer(status, body) : jsonAnswer(status, body ?? {});
  return contentType === undefined ? answer : { ...answer, headers: { 'content-type': contentType } };
}

const KINDS: Readonly<Record<keyof Fault, (value: unknown) => boolean>> = {
  path: (value) => typeof value === 'string' && value.startsWith('/'),
  status: (value) => isWhole(value, 200, 599),
  charged: (value) => typeof value === 'boolean',
  body: () => true,
  contentType: (value) => typeof value === 'string',
  headers: (value) => isRecord(value) && Object.values(value).every((text) => typeof text === 'string'),
  held: (value) => typeof value === 'boolean',
  delayMs: (value) => isWhole(value, 0, 2 ** 31 - 1),
  dropBeforeHeaders: (value) => typeof value === 'boolean',
  dropAfterBytes: (value) => isWhole(value, 0, Number.MAX_SAFE_INTEGER),
  times: (value) => isWhole(value, 1, Number.MAX_SAFE_INTEGER),
};

/** @throws Error naming the member that is wrong */
export function requireFaults(value: unknown): Fault[] {
  if (!Array.isArray(value)) throw new Error('faults must be a list');
  return value.map((item: unknown, index) => {
    if (!isRecord(item)) throw new Error(`[${index}] must be an object`);
    for (const [name, member] of Object.entries(item)) {
      if (!Object.hasOwn(KINDS, name)) throw new Error(`[${index}].${name} is no member of a fault`);
      if (!KINDS[name as keyof Fault](member)) throw new Error(`[${index}].${name} has a wrong value`);
    }
    return item;
  });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWhole(value: unknown, low: number, high: number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high;
}
