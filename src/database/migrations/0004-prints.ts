import type { Migration } from '../migrate.js';

/**
 * What a call under way asks for, told in its dispatch: a retry that comes to another replica finds it there
 * (docs/decisions/paid-once.md).
 */
export const PRINTS: Migration = {
  version: 4,
  name: 'prints',
  sql: `
-- Digest of who asks, where, and for what; null where no retry can ask for it.
alter table dispatches add column print text;

-- Records requests of callers without budgets as about to be sent.
create or replace function dispatch_all(reservations jsonb) returns void language sql as $$
  insert into dispatches (request_id, sequence, key_id, key_alias, team_id, model, operation, images,
    price_micro_dollars, end_user, tags, scopes, windows, created_at, deadline, print)
  select id, seq, key, alias, team, model, operation, images, price, "user", coalesce(tags, '{}'), '{}', '{}',
    clock_timestamp(), clock_timestamp() + make_interval(secs => ttl / 1000.0), print
  from jsonb_to_recordset(reservations) as r(id text, seq integer, key text, alias text, team text, model text,
    operation text, images integer, price bigint, "user" text, tags text[], scopes text[], ttl bigint, print text)
  where scopes is null
  on conflict do nothing;
$$;

-- The same for one caller with budgets, where each of them has room; else why it has not.
create or replace function dispatch_within(reservation jsonb) returns jsonb language plpgsql as $$
declare
  wanted text[];
  held text[];
  held_windows bigint[];
  full_one budgets;
  key_budget budgets;
  price bigint := coalesce((reservation->>'price')::bigint, 0);
begin
  select array_agg(scope) into wanted from jsonb_array_elements_text(reservation->'scopes') as s(scope);
  select * into full_one from budgets
    where scope = any(wanted) and price > 0 and spent_micro_dollars + reserved_micro_dollars + price > max_micro_dollars
    order by scope limit 1;
  if found then
    return jsonb_build_object('n', reservation->'n', 'full', full_one.scope, 'spent', full_one.spent_micro_dollars,
      'reserved', full_one.reserved_micro_dollars, 'max', full_one.max_micro_dollars, 'resetsAt', full_one.resets_at);
  end if;
  select array_agg(scope order by scope), array_agg(window_no order by scope) into held, held_windows
    from budgets where scope = any(wanted);
  if price > 0 then
    update budgets set reserved_micro_dollars = reserved_micro_dollars + price where scope = any(held);
  end if;
  insert into dispatches (request_id, sequence, key_id, key_alias, team_id, model, operation, images,
    price_micro_dollars, end_user, tags, scopes, windows, created_at, deadline, print)
  select id, seq, key, alias, team, model, operation, images, r.price, "user", coalesce(tags, '{}'),
    coalesce(held, '{}'), coalesce(held_windows, '{}'),
    clock_timestamp(), clock_timestamp() + make_interval(secs => ttl / 1000.0), print
  from jsonb_to_record(reservation) as r(id text, seq integer, key text, alias text, team text, model text,
    operation text, images integer, price bigint, "user" text, tags text[], ttl bigint, print text);
  select * into key_budget from budgets where scope = any(wanted) and scope like 'key:%' limit 1;
  return jsonb_build_object('n', reservation->'n', 'spent', key_budget.spent_micro_dollars,
    'max', key_budget.max_micro_dollars);
end $$;
`,
};
