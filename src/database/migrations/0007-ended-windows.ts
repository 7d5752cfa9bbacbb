import type { Migration } from '../migrate.js';

/** Budgets get other terms in one statement, which ends a window that is over first (docs/decisions/budget-windows.md). */
export const ENDED_WINDOWS: Migration = {
  version: 7,
  name: 'ended windows',
  sql: `
-- Makes a budget, or gives it other terms. A window that is over ends first: what was spent in it is no part of the next.
create function define_budget(name text, most bigint, soft bigint, lasting text, seconds bigint, months integer)
returns void language plpgsql as $$
declare
  moment timestamptz;
begin
  perform open_budgets(array[name]);
  moment := clock_timestamp();
  insert into budgets as b (scope, max_micro_dollars, soft_micro_dollars, duration, period_seconds, period_months,
    anchored_at, resets_at)
  values (name, most, soft, lasting, seconds, months, case when lasting is not null then moment end,
    case when lasting is not null then next_reset(moment, seconds, months, moment) end)
  on conflict (scope) do update set
    max_micro_dollars = excluded.max_micro_dollars,
    soft_micro_dollars = excluded.soft_micro_dollars,
    soft_passed = b.soft_passed and b.soft_micro_dollars is not distinct from excluded.soft_micro_dollars,
    duration = excluded.duration,
    period_seconds = excluded.period_seconds,
    period_months = excluded.period_months,
    anchored_at =
      case when b.duration is not distinct from excluded.duration then b.anchored_at else excluded.anchored_at end,
    resets_at =
      case when b.duration is not distinct from excluded.duration then b.resets_at else excluded.resets_at end;
end $$;
`,
};
