import type { CallRecord } from '../telemetry/call-record.js';
import type { Unneeded } from './limiter.js';

/** What a request takes up of its caller's limits until it is over. */
export interface Admittance {
  /** The request is over: its place among the parallel ones is free. Never rejects. */
  leave(): void;
  /** Part of it came about for nothing: it does not count any more. What is given back once is not again. Never rejects. */
  giveBack(unneeded: Unneeded): void;
}

/** Requests and pictures a minute, and requests at once, of keys and their teams. */
export interface CallerLimits {
  /**
   * Counts a call and its pictures (`call.images`) against the limits of its caller and team: all or none. A promise only
   * where there are limits.
   *
   * @throws GatewayError `rateLimited`, with the seconds after which it can be tried again
   */
  enter(call: CallRecord): Admittance | Promise<Admittance>;
}

export const CallerLimits = Symbol('CallerLimits');
