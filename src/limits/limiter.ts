import type { Limits } from '../keys/caller.js';

/** Any window of this length holds at most as much as a limit says. */
export const WINDOW_MS = 60_000;

/** Something that has limits of its own: `key:<id>` or `team:<id>`. */
export interface LimitedScope {
  readonly name: string;
  readonly limits: Limits;
}

/** One request that wants to be let in. */
export interface Demand {
  readonly id: string;
  readonly images: number;
  /** All of them have to have room. */
  readonly scopes: readonly LimitedScope[];
}

/** What is left of one limit a minute, and how many milliseconds it takes until the next of it is free. */
export interface Allowance {
  readonly left: number;
  readonly resetMs: number;
}

/** How a scope stands after a demand; undefined where it has no such limit. */
export interface Standing {
  readonly requests: Allowance | undefined;
  readonly images: Allowance | undefined;
}

export interface Refusal {
  readonly scope: LimitedScope;
  readonly limit: keyof Limits;
  /** When it makes sense to try again. */
  readonly waitMs: number;
}

export interface Verdict {
  /** Undefined: the demand was let in, and counted everywhere. Else it was counted nowhere. */
  readonly refusal: Refusal | undefined;
  /** When, by the limiter's own clock: says what is to be given back. */
  readonly at: number;
  /** In the order of the demand's scopes. */
  readonly standings: readonly Standing[];
}

/** Nobody knows how long others will take: whoever finds all places taken may look again soon. */
export const PARALLEL_WAIT_MS = 1_000;

/** What a demand that was let in did not need: its pictures alone, or nothing of it came about. */
export type Unneeded = 'images' | 'everything';

/** Counts what is let in. */
export interface Limiter {
  /** Lets a demand in or refuses it, as one step. @throws Error where what is counted cannot be reached */
  enter(demand: Demand): Verdict | Promise<Verdict>;
  /** A demand that was let in is over. Never throws. */
  leave(demand: Demand): void;
  /** Counts less of a demand that was let in at that time. Its place is freed by leaving alone. Never throws. */
  giveBack(demand: Demand, at: number, unneeded: Unneeded): void;
}
