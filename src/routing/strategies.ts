import type { RoutingStrategy } from '../config/routing-settings.js';
import type { Waiting } from './slots/fair-queue.js';
import type { Target } from './target.js';

/** What a strategy may want to know beside the targets. */
export interface ChoiceContext {
  readonly wish: Waiting;
  /** Price of a picture, in micro-dollars; undefined where nobody knows it. */
  readonly priceOf: (target: Target) => number | undefined;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** Chooses one of several targets, all of which could serve the request; the first of equals. */
type Strategy = (targets: readonly Target[], context: ChoiceContext) => Target | undefined;

export const STRATEGIES: Readonly<Record<RoutingStrategy, Strategy>> = {
  'most-slots-left': (targets, { wish }) =>
    leastOf(targets, ({ account: { slots }, state }) => [
      slots.leastWaitMs(wish, state.latencyMs),
      slots.waiting,
      -slots.left,
    ]),
  'simple-shuffle': (targets, { random }) => byWeight(targets, random()),
  'least-busy': (targets) => leastOf(targets, ({ state, account }) => [state.inFlight + account.slots.waiting]),
  'latency-based-routing': byLatency,
  'latency-based': byLatency,
  'cost-based-routing': byCost,
  'cost-based': byCost,
};

/** One that was not measured yet goes first, or it never would be. */
function byLatency(targets: readonly Target[]): Target | undefined {
  return leastOf(targets, ({ state }) => [state.latencyMs ?? -1]);
}

function byCost(targets: readonly Target[], { priceOf }: ChoiceContext): Target | undefined {
  return leastOf(targets, (target) => [priceOf(target) ?? Infinity]);
}

/** As LiteLLM: by `weight` where one has it, else by `rpm` where all have it, else all alike. */
function byWeight(targets: readonly Target[], share: number): Target | undefined {
  const isWeighted = targets.some(({ deployment }) => deployment.weight !== undefined);
  const isRated = !isWeighted && targets.every((target) => rpmOf(target) > 0);
  const weightOf = (target: Target): number => (isRated ? rpmOf(target) : (target.deployment.weight ?? 1));
  let left = share * targets.reduce((sum, target) => sum + weightOf(target), 0);
  return targets.find((target) => (left -= weightOf(target)) < 0) ?? targets.at(-1);
}

/** 0: no limit. */
function rpmOf({ deployment: { slots } }: Target): number {
  return slots?.requestsPerMinute ?? 0;
}

function leastOf(targets: readonly Target[], marksOf: (target: Target) => readonly number[]): Target | undefined {
  let least: Target | undefined;
  let leastMarks: readonly number[] = [];
  for (const target of targets) {
    const marks = marksOf(target);
    if (least === undefined || isLess(marks, leastMarks)) {
      least = target;
      leastMarks = marks;
    }
  }
  return least;
}

/** Compares the first mark that differs. */
function isLess(marks: readonly number[], others: readonly number[]): boolean {
  const at = marks.findIndex((mark, index) => mark !== others[index]);
  return at >= 0 && (marks[at] ?? 0) < (others[at] ?? 0);
}
