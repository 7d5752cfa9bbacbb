import type { SlotLimits } from '../registry/deployment.js';

/** LiteLLM's names for the ways to choose a deployment, and one of this gateway's own, which is the default. */
export const ROUTING_STRATEGIES = [
  'most-slots-left',
  'simple-shuffle',
  'least-busy',
  'latency-based-routing',
  'latency-based',
  'cost-based-routing',
  'cost-based',
] as const;

export type RoutingStrategy = (typeof ROUTING_STRATEGIES)[number];

/** Kinds of failure that LiteLLM's `retry_policy` counts apart. */
export type RetryClass =
  | 'AuthenticationError'
  | 'RateLimitError'
  | 'Timeout'
  | 'InternalServerError'
  | 'ContentPolicyViolationError'
  | 'BadRequestError';

/** Which deployment serves a request, when, and what happens when it fails. */
export interface RoutingSettings {
  readonly strategy: RoutingStrategy;
  /** What an account takes where its deployments do not say. */
  readonly slots: SlotLimits;
  readonly queue: {
    /** Requests that may wait for one account. */
    readonly size: number;
    readonly timeoutMs: number;
  };
  /** Instances that share the accounts without Redis: each takes its part of the slots. */
  readonly replicas: number;
  readonly retry: {
    /** How often a request is sent again at most, where its own kind of failure has no number. */
    readonly times: number;
    readonly timesByClass: Readonly<Partial<Record<RetryClass, number>>>;
    /** Least pause before a request is sent again. */
    readonly leastPauseMs: number;
    /** Also send again what may have been charged. */
    readonly evenCharged: boolean;
  };
  readonly cooldown: {
    readonly ms: number;
    /** Failures a minute that are forgiven; undefined: half of the requests, of five or more. */
    readonly allowedFails: number | undefined;
    readonly disabled: boolean;
  };
  readonly fallbacks: Fallbacks;
}

/** Model groups that stand in for others. */
export interface Fallbacks {
  readonly byGroup: ReadonlyMap<string, readonly string[]>;
  readonly forAll: readonly string[];
  /** Where the content was refused, and only then. */
  readonly forContent: ReadonlyMap<string, readonly string[]>;
}
