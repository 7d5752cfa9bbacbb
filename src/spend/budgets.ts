import { Inject, Injectable } from '@nestjs/common';
import { Database, type Query } from '../database/database.js';
import { noDatabase } from '../database/database-down.js';
import { readDuration } from './duration.js';

/** What a budget allows; without a maximum it only tells what was spent. */
export interface BudgetTerms {
  readonly maxMicroDollars?: number | undefined;
  /** Passing it is told to the operator and stops nothing. */
  readonly softMicroDollars?: number | undefined;
  /** How long a window lasts before the budget starts again: `30s`, `30m`, `30h`, `30d`, `1w`, `1mo`. */
  readonly duration?: string | undefined;
}

/** A budget in its present window. */
export interface BudgetState extends BudgetTerms {
  /** When the present window ends; undefined where the budget never starts again. */
  readonly resetsAt: Date | undefined;
  readonly spentMicroDollars: number;
  /** Set aside for requests under way. */
  readonly reservedMicroDollars: number;
}

interface BudgetRow {
  readonly scope: string;
  readonly max: number | null;
  readonly soft: number | null;
  readonly duration: string | null;
  readonly resets_at: Date | null;
  readonly spent: number;
  readonly reserved: number;
}

/**
 * Budgets by scope, `key:<id>` or `team:<id>`. They are drawn on by the ledger alone; here they are made, changed and
 * looked at. Windows: docs/decisions/budget-windows.md.
 */
@Injectable()
export class Budgets {
  constructor(@Inject(Database) private readonly database: Database | undefined) {}

  /**
   * Makes a budget, or gives it other terms: what was spent in a window that lasts stays. Another duration begins a window
   * now.
   *
   * @throws GatewayError `invalidValue` for a duration that is none
   */
  async define(scope: string, terms: BudgetTerms, query: Query = this.query): Promise<void> {
    const { maxMicroDollars, softMicroDollars, duration } = terms;
    const period = duration === undefined ? undefined : readDuration(duration, 'budget_duration');
    const seconds = period && 'seconds' in period ? period.seconds : null;
    const months = period && 'months' in period ? period.months : null;
    await query(DEFINE, [scope, maxMicroDollars ?? null, softMicroDollars ?? null, duration ?? null, seconds, months]);
  }

  /** The budgets of these scopes, those that there are. */
  async read(scopes: readonly string[], query: Query = this.query): Promise<ReadonlyMap<string, BudgetState>> {
    const rows = await query<BudgetRow>(READ, [scopes]);
    return new Map(rows.map((row) => [row.scope, stateOf(row)]));
  }

  /** Locks budgets until the end of a transaction, in the order in which the ledger does: two that wait for each other would fail. */
  async lock(scopes: readonly string[], query: Query): Promise<void> {
    await query('select 1 from budgets where scope = any($1::text[]) order by scope for update', [scopes]);
  }

  /** Ends a budget; what was spent stays in the ledger, and nothing can be reserved under its scope any more. */
  async remove(scope: string, query: Query = this.query): Promise<void> {
    await query('delete from budgets where scope = $1', [scope]);
  }

  private get query(): Query {
    if (!this.database) throw noDatabase();
    return this.database.query;
  }
}

const DEFINE = 'select define_budget($1, $2, $3, $4, $5, $6)';

/** A window that is over is shown as the next one, which begins with the next request. */
const READ = `
  select scope, max_micro_dollars as max, soft_micro_dollars as soft, duration,
    case when resets_at <= now() then next_reset(anchored_at, period_seconds, period_months, now()) else resets_at end
      as resets_at,
    case when resets_at <= now() then 0 else spent_micro_dollars end as spent,
    case when resets_at <= now() then 0 else reserved_micro_dollars end as reserved
  from budgets where scope = any($1::text[])`;

function stateOf({ max, soft, duration, resets_at, spent, reserved }: BudgetRow): BudgetState {
  return {
    maxMicroDollars: max ?? undefined,
    softMicroDollars: soft ?? undefined,
    duration: duration ?? undefined,
    resetsAt: resets_at ?? undefined,
    spentMicroDollars: spent,
    reservedMicroDollars: reserved,
  };
}
