import type { OnApplicationShutdown } from '@nestjs/common';
import { LONGEST_REQUEST_MS } from '../config/longest-request.js';
import { LONGEST_STATEMENT_MS } from '../database/database.js';
import type { Caller } from '../keys/caller.js';
import type { CallRecord } from '../telemetry/call-record.js';
import { GatewayError } from '../errors/gateway-error.js';
import { isUnpriced } from '../images/unpriced-operations.js';
import { BudgetsChanged, type Charge, type Ledger, type Reservation } from './ledger.js';
import type { LedgerBatches } from './ledger-batches.js';
import type { EndingEntry, ReservationEntry, ReservationOutcome } from './ledger-entries.js';
import { inDollars } from './money.js';
import type { SpendMetrics } from './spend-metrics.js';

/** How long a stopping gateway goes on trying to record what it has left. */
const CLOSE_PATIENCE_MS = 10_000;
/** After the last moment at which a statement can have been worked on. */
const RETRY_MARGIN_MS = 1_000;
const NOBODY = 'none';

/** The ledger in the database: each call is recorded there before it is sent, and its charge before its answer ends. */
export class DatabaseLedger implements Ledger, OnApplicationShutdown {
  /** @param marginMs how long after its time is up a call that nobody ended counts as unfinished */
  constructor(
    private readonly batches: LedgerBatches,
    private readonly metrics: SpendMetrics,
    private readonly marginMs: number,
  ) {}

  async reserve(call: CallRecord): Promise<Reservation> {
    const { caller } = call;
    if (call.priceMicroDollars === undefined && caller?.isBudgeted === true) throw unpriced(call);
    const entry = this.entryOf(call, caller);
    const reservation = new DatabaseReservation(entry, this.batches, this.metrics);
    let outcome: ReservationOutcome | undefined;
    try {
      outcome = await this.batches.reserve(entry, call.deadlineAt);
    } catch (error) {
      // Whether it was made is not known: nothing is sent, so it is given back wherever it is there.
      void reservation.release('databaseDown');
      this.releaseAgain(entry);
      throw error;
    }
    if (outcome?.outdated) throw new BudgetsChanged();
    if (!outcome) return reservation;
    const isRefused = outcome.full !== undefined;
    call.keySpendMicroDollars = (isRefused ? outcome.keySpent : outcome.spent) ?? undefined;
    call.keyMaxBudgetMicroDollars = (isRefused ? outcome.keyMax : outcome.max) ?? undefined;
    if (isRefused) throw this.refuse(outcome, caller);
    return reservation;
  }

  /** After the server has drained and before the database is closed: what is left is recorded. */
  async onApplicationShutdown(): Promise<void> {
    await this.batches.close(CLOSE_PATIENCE_MS);
  }

  /** PostgreSQL may still work on a statement whose connection broke, and come to its end after it was given back. */
  private releaseAgain(entry: ReservationEntry): void {
    setTimeout(() => {
      void new DatabaseReservation(entry, this.batches, this.metrics).release('databaseDown');
    }, LONGEST_STATEMENT_MS + RETRY_MARGIN_MS).unref();
  }

  private refuse(outcome: ReservationOutcome, caller: Caller | undefined): GatewayError {
    const team = outcome.full?.startsWith('team:') === true ? outcome.full.slice('team:'.length) : undefined;
    this.metrics.refused.inc({ scope: team === undefined ? 'key' : 'team' });
    return exceeded(team === undefined ? nameOf(caller) : `the team '${team}' of ${nameOf(caller)}`, outcome);
  }

  private entryOf(call: CallRecord, caller: Caller | undefined): ReservationEntry {
    return {
      id: call.id,
      seq: call.reservations++,
      key: caller?.id ?? NOBODY,
      alias: caller?.alias,
      team: caller?.team?.id,
      model: call.model,
      operation: call.operation,
      images: call.images,
      price: call.ownPriceMicroDollars,
      user: call.endUser,
      tags: call.tags.length > 0 || caller === undefined ? call.tags : someOrNone(caller.tags),
      scopes: caller === undefined ? undefined : someOrNone(caller.budgets),
      print: call.print,
      ttl: this.timeLeft(call),
    };
  }

  /** A call's own time, which its wait for a slot is part of: nobody may ask for more than the longest. */
  private timeLeft({ deadlineAt }: CallRecord): number {
    const now = performance.now();
    return Math.max(0, Math.ceil((deadlineAt ?? now + LONGEST_REQUEST_MS) - now)) + this.marginMs;
  }
}

class DatabaseReservation implements Reservation {
  private hasEnded = false;

  constructor(
    private readonly entry: ReservationEntry,
    private readonly batches: LedgerBatches,
    private readonly metrics: SpendMetrics,
  ) {}

  settle({ images, chargedMicroDollars, upstreamRequestId }: Charge): Promise<void> {
    return this.end({ status: 'success', images, charged: chargedMicroDollars, upstream: upstreamRequestId });
  }

  release(fault: string): Promise<void> {
    return this.end({ status: 'failure', fault, images: 0 });
  }

  doubt(fault: string): Promise<void> {
    if (!this.hasEnded) this.metrics.possiblyCharged.inc();
    return this.end({ status: 'possibly_charged', fault });
  }

  private end(how: Omit<EndingEntry, 'id' | 'seq'>): Promise<void> {
    if (this.hasEnded) return Promise.resolve();
    this.hasEnded = true;
    return this.batches.end({ id: this.entry.id, seq: this.entry.seq, ...how });
  }
}

const someOrNone = (list: readonly string[]): readonly string[] | undefined => (list.length > 0 ? list : undefined);

function unpriced({ model, group, operation }: CallRecord): GatewayError {
  if (isUnpriced(operation)) {
    return new GatewayError(
      'unpricedOperation',
      `Recraft publishes no price for '${operation ?? ''}', so a key with a budget cannot use it. ` +
        `The operator can give it one, in US dollars: OPERATION_PRICES={"${operation ?? ''}": 0.1}.`,
    );
  }
  return new GatewayError(
    'unpricedModel',
    `'${group ?? model ?? ''}' has no price, so a key with a budget cannot use it. ` +
      'The operator can set model_info.output_cost_per_image.',
    { param: 'model' },
  );
}

function nameOf(caller: Caller | undefined): string {
  const { alias = NOBODY, keyName } = caller ?? {};
  return keyName === undefined || keyName === alias ? `the key '${alias}'` : `the key '${alias}' (${keyName})`;
}

/** LiteLLM's words first (litellm.md §2.2), which some clients look for, then whose budget it is and what else holds it. */
function exceeded(whose: string, { spent, reserved = 0, max, resetsAt }: ReservationOutcome): GatewayError {
  const underWay = reserved > 0 ? `, and $${inDollars(reserved)} more is reserved for requests under way` : '';
  const until = resetsAt == null ? '' : ` It starts again at ${new Date(resetsAt).toISOString()}.`;
  return new GatewayError(
    'budgetExceeded',
    `Budget has been exceeded! Current cost: ${inDollars(spent ?? 0)}, Max budget: ${inDollars(max ?? 0)}. ` +
      `It is the budget of ${whose}${underWay}.${until}`,
  );
}
