import type { Migration } from '../migrate.js';

/**
 * Budgets that stay with their key whatever it is called, and requests that are refused where a budget of theirs is
 * missing (docs/decisions/lasting-budgets.md).
 */
export const LASTING_BUDGETS: Migration = {
  version: 6,
  name: 'lasting budgets',
  sql: `
-- What a regenerated key was first called; what a key counts under is called by that.
alter table keys
  add column first_token text,
  add column budget_scope text unique generated always as ('key:' || coalesce(first_token, token)) stored;

-- No two windows have the same number, so that what was reserved in a budget never touches one that was made after it
-- under the same name.
create sequence budget_windows;
alter table budgets alter column window_no set default nextval('budget_windows');
select setval('budget_windows', (select coalesce(max(window_no), 0) + 1 from budgets));

create or replace function open_budgets(wanted text[]) returns void language plpgsql as $$
declare
  moment timestamptz;
begin
  perform 1 from budgets where scope = any(wanted) order by scope for update;
  moment := clock_timestamp();
  update budgets set
    window_no = nextval('budget_windows'),
    spent_micro_dollars = 0,
    reserved_micro_dollars = 0,
    soft_passed = false,
    resets_at = next_reset(anchored_at, period_seconds, period_months, moment)
  where scope = any(wanted) and resets_at <= moment;
end $$;

-- Records requests of callers with budgets that have room for all of them as about to be sent. Whoever was known otherwise
-- than it is now is outdated, and is not: a budget is gone, the key has come to another team, or a budget has got an end
-- while what is asked for has no price. (Gateways of an earlier version take "full" as a refusal.)
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
  )
  select jsonb_agg(
      case when is_current then jsonb_build_object('n', n, 'spent', spent, 'max', most)
      else jsonb_build_object('n', n, 'outdated', true, 'full', scopes[1]) end
    ) into answers
    from checked;
  return coalesce(answers, '[]');
end $$;
`,
};
