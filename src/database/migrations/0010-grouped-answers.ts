import type { Migration } from '../migrate.js';

/**
 * Reservations that are granted are answered together where they count against the same budgets: `ns` has their places in the batch.
 * (Gateways of an earlier version take them as granted, and tell their callers nothing of what the key has spent.)
 */
export const GROUPED_ANSWERS: Migration = {
  version: 10,
  name: 'grouped answers',
  sql: `
create or replace function dispatch_together(reservations ledger_reservation[]) returns jsonb language plpgsql as $$
declare
  answers jsonb;
begin
  with holding as materialized (
    select a.scopes,
      array_agg(b.scope order by b.scope) as held,
      array_agg(b.window_no order by b.scope) as windows,
      count(b.scope) = cardinality(a.scopes) and not exists (
        select 1 from keys k where k.budget_scope = any(a.scopes) and not 'team:' || k.team_id = any(a.scopes)
      ) as is_whole,
      bool_or(b.max_micro_dollars is not null) as has_end,
      max(b.spent_micro_dollars) filter (where b.scope like 'key:%') as spent,
      max(b.max_micro_dollars) filter (where b.scope like 'key:%') as most
    from (select distinct scopes from unnest(reservations)) a left join budgets b on b.scope = any(a.scopes)
    group by a.scopes
  ), checked as materialized (
    select r.*, h.held, h.windows, h.spent, h.most, h.is_whole and (r.price is not null or not h.has_end) as is_current
    from unnest(reservations) r join holding h on h.scopes = r.scopes
  ), dispatched as (
    insert into dispatches (request_id, sequence, key_id, key_alias, team_id, model, operation, images,
      price_micro_dollars, end_user, tags, scopes, windows, created_at, deadline, print)
    select id, seq, key, alias, team, model, operation, images, price, "user", coalesce(tags, '{}'), held, windows,
      clock_timestamp(), clock_timestamp() + make_interval(secs => ttl / 1000.0), print
    from checked where is_current
  ), reserving as (
    update budgets b set reserved_micro_dollars = b.reserved_micro_dollars + w.wanted
    from (
      select s.scope, sum(c.price)::bigint as wanted from checked c, unnest(c.scopes) as s(scope)
      where c.is_current and c.price > 0 group by s.scope
    ) w
    where b.scope = w.scope
  ), answered as (
    select jsonb_build_object('ns', jsonb_agg(n), 'spent', spent, 'max', most) as answer
    from checked where is_current group by scopes, spent, most
    union all
    select jsonb_build_object('n', n, 'outdated', true, 'full', scopes[1]) from checked where not is_current
  )
  select jsonb_agg(answer) into answers from answered;
  return coalesce(answers, '[]');
end $$;
`,
};
