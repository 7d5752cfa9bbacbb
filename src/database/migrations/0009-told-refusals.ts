import type { Migration } from '../migrate.js';

/** What a full budget of a team refuses tells how its key stands, too. */
export const TOLD_REFUSALS: Migration = {
  version: 9,
  name: 'told refusals',
  sql: `
create or replace function dispatch_within(reservation ledger_reservation) returns jsonb language plpgsql as $$
declare
  full_one budgets;
  own budgets;
begin
  select * into full_one from budgets
    where scope = any(reservation.scopes) and reservation.price > 0
      and spent_micro_dollars + reserved_micro_dollars + reservation.price > max_micro_dollars
    order by scope limit 1;
  if found then
    select * into own from budgets where scope = any(reservation.scopes) and scope like 'key:%';
    return jsonb_build_object('n', reservation.n, 'full', full_one.scope, 'spent', full_one.spent_micro_dollars,
      'reserved', full_one.reserved_micro_dollars, 'max', full_one.max_micro_dollars, 'resetsAt', full_one.resets_at,
      'keySpent', own.spent_micro_dollars, 'keyMax', own.max_micro_dollars);
  end if;
  return dispatch_together(array[reservation]);
end $$;
`,
};
