import { randomUUID } from 'node:crypto';
import type { Database } from '../../src/database/database.js';
import { type Caller, unrestricted } from '../../src/keys/caller.js';
import { Budgets } from '../../src/spend/budgets.js';
import { DatabaseLedger } from '../../src/spend/database-ledger.js';
import { DispatchSweep } from '../../src/spend/dispatch-sweep.js';
import { LedgerBatches } from '../../src/spend/ledger-batches.js';
import { SpendMetrics } from '../../src/spend/spend-metrics.js';
import { CallRecord } from '../../src/telemetry/call-record.js';
import { Metrics } from '../../src/telemetry/metrics.js';
import { silent } from './database.js';

const MARGIN_MS = 60_000;
/** As for a gateway's requests, longer than any healthy statement takes. */
const TIME_OF_A_CALL_MS = 60_000;

/** The ledger on a database, without a gateway around it. */
export class LedgerOn {
  readonly metrics = new Metrics(() => true);
  readonly budgets: Budgets;
  readonly ledger: DatabaseLedger;
  readonly sweep: DispatchSweep;

  constructor(readonly database: Database) {
    const spendMetrics = new SpendMetrics(this.metrics);
    this.budgets = new Budgets(database);
    this.ledger = new DatabaseLedger(new LedgerBatches(database, spendMetrics, silent), spendMetrics, MARGIN_MS);
    this.sweep = new DispatchSweep(database, spendMetrics, silent, 0);
  }

  /** Spent and reserved of a budget, in micro-dollars. */
  async state(scope: string): Promise<{ spent: number; reserved: number }> {
    const state = (await this.budgets.read([scope])).get(scope);
    if (!state) throw new Error(`There is no budget ${scope}.`);
    return { spent: state.spentMicroDollars, reserved: state.reservedMicroDollars };
  }

  /** Rows of the log, oldest first. */
  log(): Promise<LogRow[]> {
    return this.database.query<LogRow>(`select request_id, status, fault, images, credits::float8 as credits,
      cost_micro_dollars as cost, unconfirmed_micro_dollars as unconfirmed, is_priced, upstream_request_id as upstream,
      end_user, tags from spend_logs order by id`);
  }
}

export interface LogRow {
  readonly request_id: string;
  readonly status: string;
  readonly fault: string | null;
  readonly images: number;
  readonly credits: number | null;
  readonly cost: number;
  readonly unconfirmed: number;
  readonly is_priced: boolean;
  readonly upstream: string | null;
  readonly end_user: string | null;
  readonly tags: readonly string[];
}

/** A caller whose requests count against these budgets. */
export function aCaller(budgets: readonly string[], over: Partial<Caller> = {}): Caller {
  return { ...unrestricted('k'), isMaster: false, budgets, isBudgeted: budgets.length > 0, ...over };
}

/** A call that asks for one picture at this price, in micro-dollars. */
export function aCall(caller: Caller, priceMicroDollars: number | undefined, images = 1): CallRecord {
  return Object.assign(new CallRecord(`req_${randomUUID()}`), {
    caller,
    priceMicroDollars,
    images,
    deadlineAt: performance.now() + TIME_OF_A_CALL_MS,
    operation: 'generate',
    model: 'recraftv3',
  });
}

/** What the provider answered. */
export const aCharge = (chargedMicroDollars?: number, images = 1) => ({
  images,
  chargedMicroDollars,
  upstreamRequestId: 'up',
});
