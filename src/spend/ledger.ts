import { GatewayError } from '../errors/gateway-error.js';
import type { CallRecord } from '../telemetry/call-record.js';

/** What a request came to at the provider. */
export interface Charge {
  /** Pictures in the answer. */
  readonly images: number;
  /** What the provider says it charged, in micro-dollars; undefined where it did not say: then the price counts. */
  readonly chargedMicroDollars: number | undefined;
  readonly upstreamRequestId: string | undefined;
}

/**
 * Money set aside for one request. The first of the three that is called ends it, and what is called later does nothing.
 * None of them rejects: what the database cannot take now is kept and tried again, and what nobody ends is swept after
 * its deadline.
 */
export interface Reservation {
  /** The provider answered: the real charge takes the place of the price. That is durable when it has returned, or resolved. */
  settle(charge: Charge): void | Promise<void>;
  /** Nothing was charged: the money is free again. `fault` is what went wrong, for the ledger. */
  release(fault: string): Promise<void>;
  /** Nobody knows whether the provider charged: the price stays taken, and is recorded as in doubt. */
  doubt(fault: string): Promise<void>;
}

/** The budgets of a caller are not those that were known: its key was deleted, or has come to another team. */
export class BudgetsChanged extends GatewayError {
  constructor() {
    super('wrongKey', 'The API key was deleted or changed while its request was on its way here.');
  }
}

/** Where money is kept account of. */
export interface Ledger {
  /**
   * Reserves the price of a call's first operation (`call.ownPriceMicroDollars`) in every budget of its caller, all or
   * none, and records that it is about to be sent. That is durable when it has returned, or resolved.
   *
   * @throws GatewayError `budgetExceeded`, `unpricedModel`, `unpricedOperation` or `databaseDown`, or BudgetsChanged; nothing
   *   is reserved then
   */
  reserve(call: CallRecord): Reservation | Promise<Reservation>;
}

export const Ledger = Symbol('Ledger');
