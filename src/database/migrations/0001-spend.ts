import type { Migration } from '../migrate.js';

/** Budgets, what is under way, what was spent, and who changed what. Money is in micro-dollars. */
export const SPEND: Migration = {
  version: 1,
  name: 'spend',
  sql: `
create table budgets (
  scope text primary key,
  max_micro_dollars bigint check (max_micro_dollars >= 0),
  soft_micro_dollars bigint check (soft_micro_dollars >= 0),
  -- As it was given, and what it comes to; without one the budget never starts again.
  duration text,
  period_seconds bigint check (period_seconds > 0),
  period_months integer check (period_months > 0),
  anchored_at timestamptz,
  resets_at timestamptz,
  -- Counts the windows, so that what was reserved in one never touches another.
  window_no bigint not null default 0,
  spent_micro_dollars bigint not null default 0 check (spent_micro_dollars >= 0),
  reserved_micro_dollars bigint not null default 0 check (reserved_micro_dollars >= 0),
  soft_passed boolean not null default false
) with (fillfactor = 50);

-- Requests that are about to be sent or under way: what is reserved, and the proof that they were sent.
create table dispatches (
  request_id text not null,
  sequence integer not null,
  key_id text not null,
  key_alias text,
  team_id text,
  model text,
  operation text,
  images integer not null,
  price_micro_dollars bigint check (price_micro_dollars >= 0),
  end_user text,
  tags text[] not null,
  scopes text[] not null,
  windows bigint[] not null,
  created_at timestamptz not null,
  deadline timestamptz not null,
  primary key (request_id, sequence)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create index dispatches_deadline on dispatches (deadline);

create table spend_logs (
  id bigint generated always as identity primary key,
  request_id text not null,
  sequence integer not null,
  key_id text not null,
  key_alias text,
  team_id text,
  model text,
  operation text,
  images integer not null,
  credits numeric,
  cost_micro_dollars bigint not null,
  unconfirmed_micro_dollars bigint not null,
  is_priced boolean not null,
  status text not null check (status in ('success', 'failure', 'possibly_charged')),
  fault text,
  upstream_request_id text,
  end_user text,
  tags text[] not null,
  scopes text[] not null,
  windows bigint[] not null,
  started_at timestamptz not null,
  ended_at timestamptz not null,
  unique (request_id, sequence)
);
create index spend_logs_time on spend_logs (started_at, id);
create index spend_logs_key on spend_logs (key_id, started_at);

-- What older logs came to, by day in UTC; '' stands for none.
create table spend_daily (
  day date not null,
  key_id text not null,
  key_alias text not null,
  team_id text not null,
  model text not null,
  operation text not null,
  requests bigint not null,
  failures bigint not null,
  images bigint not null,
  cost_micro_dollars bigint not null,
  unconfirmed_micro_dollars bigint not null,
  primary key (day, key_id, key_alias, team_id, model, operation)
);

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  subject text not null,
  before jsonb,
  after jsonb
);

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'rows of % are only ever added', tg_table_name;
end $$;
create trigger audit_log_is_only_added_to before update or delete on audit_log
  for each row execute function refuse_change();
-- One thing may become of a row: a doubt is cleared up by the answer that came after all.
create trigger spend_logs_are_only_added_to before update on spend_logs
  for each row when (old.status <> 'possibly_charged' or old.request_id <> new.request_id)
  execute function refuse_change();

-- The first end of a window after a moment. Months are counted from the anchor, so that the 31st comes back.
create function next_reset(anchored_at timestamptz, period_seconds bigint, period_months integer, after timestamptz)
returns timestamptz language plpgsql immutable as $$
declare
  anchor timestamp := anchored_at at time zone 'utc';
  elapsed interval := age(after at time zone 'utc', anchor);
  months integer;
begin
  if period_seconds is not null then
    return anchored_at + make_interval(secs => period_seconds *
      (floor(extract(epoch from after - anchored_at) / period_seconds) + 1));
  end if;
  months := (extract(year from elapsed) * 12 + extract(month from elapsed))::integer / period_months * period_months;
  while anchor + make_interval(months => months) <= after at time zone 'utc' loop
    months := months + period_months;
  end loop;
  return (anchor + make_interval(months => months)) at time zone 'utc';
end $$;

-- Locks budgets, always in the same order, and starts the windows that are due.
create function open_budgets(wanted text[]) returns void language plpgsql as $$
declare
  moment timestamptz;
begin
  perform 1 from budgets where scope = any(wanted) order by scope for update;
  moment := clock_timestamp();
  update budgets set
    window_no = window_no + 1,
    spent_micro_dollars = 0,
    reserved_micro_dollars = 0,
    soft_passed = false,
    resets_at = next_reset(anchored_at, period_seconds, period_months, moment)
  where scope = any(wanted) and resets_at <= moment;
end $$;

-- Ends requests: each dispatch becomes a row of the log. What it moves in the budgets is answered, for move_budgets().
create function end_dispatches(endings jsonb) returns jsonb language plpgsql as $$
declare
  moves jsonb;
  late jsonb;
  found_count integer;
begin
  with ending as (
    select * from jsonb_to_recordset(endings) as e(id text, seq integer, status text, fault text, images integer,
      charged bigint, upstream text)
  ), ended as (
    delete from dispatches d using ending e where d.request_id = e.id and d.sequence = e.seq
    returning d.*, e.status, e.fault, e.images as answered, e.charged, e.upstream
  ), logged as (
    insert into spend_logs (request_id, sequence, key_id, key_alias, team_id, model, operation, images, credits,
      cost_micro_dollars, unconfirmed_micro_dollars, is_priced, status, fault, upstream_request_id, end_user, tags,
      scopes, windows, started_at, ended_at)
    select request_id, sequence, key_id, key_alias, team_id, model, operation, coalesce(answered, images),
      charged / 1000.0,
      case when status = 'success' then coalesce(charged, price_micro_dollars, 0) else 0 end,
      case when status = 'possibly_charged' then coalesce(price_micro_dollars, 0) else 0 end,
      price_micro_dollars is not null,
      status, fault, upstream, end_user, tags, scopes, windows, created_at, clock_timestamp()
    from ended
    returning scopes, windows, cost_micro_dollars + unconfirmed_micro_dollars as spent, request_id, sequence
  )
  select
    (select count(*) from ended),
    (select jsonb_agg(jsonb_build_object('scope', s.scope, 'win', s.win,
        'reserved', -coalesce(e.price_micro_dollars, 0), 'spent', l.spent))
      from logged l join ended e using (request_id, sequence), unnest(l.scopes, l.windows) as s(scope, win))
  into found_count, moves;
  if found_count < jsonb_array_length(endings) then
    -- Swept before the answer was known: what it really came to takes the place of the doubt.
    with ending as (
      select * from jsonb_to_recordset(endings) as e(id text, seq integer, status text, fault text, images integer,
        charged bigint, upstream text)
      where status <> 'possibly_charged'
    ), doubt as (
      select l.id, l.unconfirmed_micro_dollars as doubted, e.status, e.fault, e.images, e.charged, e.upstream
      from spend_logs l join ending e on l.request_id = e.id and l.sequence = e.seq
      where l.status = 'possibly_charged' and l.fault = 'unfinished'
      for update of l
    ), cleared as (
      update spend_logs l set
        status = d.status, fault = d.fault, images = d.images, credits = d.charged / 1000.0,
        cost_micro_dollars = case when d.status = 'success' then coalesce(d.charged, d.doubted) else 0 end,
        unconfirmed_micro_dollars = 0, upstream_request_id = d.upstream
      from doubt d where l.id = d.id
      returning l.scopes, l.windows, l.cost_micro_dollars - d.doubted as spent
    )
    select jsonb_agg(jsonb_build_object('scope', s.scope, 'win', s.win, 'reserved', 0, 'spent', c.spent))
      into late from cleared c, unnest(c.scopes, c.windows) as s(scope, win);
  end if;
  return coalesce(moves, '[]') || coalesce(late, '[]');
end $$;

-- Moves what ended from reserved to spent, each in the window it was reserved in; a window that is over stays as it was.
create function move_budgets(moves jsonb) returns void language sql as $$
  update budgets b set
    reserved_micro_dollars = b.reserved_micro_dollars + m.reserved,
    spent_micro_dollars = b.spent_micro_dollars + m.spent
  from (
    select scope, win, sum(reserved)::bigint as reserved, sum(spent)::bigint as spent
    from jsonb_to_recordset(moves) as x(scope text, win bigint, reserved bigint, spent bigint)
    group by scope, win
  ) m
  where b.scope = m.scope and b.window_no = m.win;
$$;

-- Records requests of callers without budgets as about to be sent.
create function dispatch_all(reservations jsonb) returns void language sql as $$
  insert into dispatches (request_id, sequence, key_id, key_alias, team_id, model, operation, images,
    price_micro_dollars, end_user, tags, scopes, windows, created_at, deadline)
  select id, seq, key, alias, team, model, operation, images, price, "user", coalesce(tags, '{}'), '{}', '{}',
    clock_timestamp(), clock_timestamp() + make_interval(secs => ttl / 1000.0)
  from jsonb_to_recordset(reservations) as r(id text, seq integer, key text, alias text, team text, model text,
    operation text, images integer, price bigint, "user" text, tags text[], scopes text[], ttl bigint)
  where scopes is null
  on conflict do nothing;
$$;

-- The same for one caller with budgets, where each of them has room; else why it has not.
create function dispatch_within(reservation jsonb) returns jsonb language plpgsql as $$
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
    price_micro_dollars, end_user, tags, scopes, windows, created_at, deadline)
  select id, seq, key, alias, team, model, operation, images, r.price, "user", coalesce(tags, '{}'),
    coalesce(held, '{}'), coalesce(held_windows, '{}'),
    clock_timestamp(), clock_timestamp() + make_interval(secs => ttl / 1000.0)
  from jsonb_to_record(reservation) as r(id text, seq integer, key text, alias text, team text, model text,
    operation text, images integer, price bigint, "user" text, tags text[], ttl bigint);
  select * into key_budget from budgets where scope = any(wanted) and scope like 'key:%' limit 1;
  return jsonb_build_object('n', reservation->'n', 'spent', key_budget.spent_micro_dollars,
    'max', key_budget.max_micro_dollars);
end $$;

-- A batch of the ledger: endings first, because they make room; then reservations, in their order. Answers what became of
-- the reservations of callers with budgets, and the soft budgets that were passed. The planner cannot know that a batch is
-- small and a table large: rows are always looked up by their index.
create function apply_to_ledger(endings jsonb, reservations jsonb) returns jsonb language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare
  moves jsonb := '[]';
  touched text[];
  reserved jsonb := '[]';
  passed jsonb;
  reservation jsonb;
begin
  if jsonb_array_length(endings) > 0 then
    moves := end_dispatches(endings);
  end if;
  perform dispatch_all(reservations);
  select array_agg(distinct scope) into touched from (
    select m->>'scope' as scope from jsonb_array_elements(moves) as x(m)
    union all
    select s from jsonb_array_elements(reservations) as y(r), jsonb_array_elements_text(r->'scopes') as z(s)
  ) as all_scopes;
  if touched is null then
    return '{}';
  end if;
  perform open_budgets(touched);
  perform move_budgets(moves);
  for reservation in
    select r from jsonb_array_elements(reservations) with ordinality as x(r, n) where r ? 'scopes' order by n
  loop
    reserved := reserved || dispatch_within(reservation);
  end loop;
  with passing as (
    update budgets set soft_passed = true
    where scope = any(touched) and not soft_passed and spent_micro_dollars > soft_micro_dollars
    returning scope, soft_micro_dollars, spent_micro_dollars
  )
  select jsonb_agg(jsonb_build_object('scope', scope, 'soft', soft_micro_dollars, 'spent', spent_micro_dollars))
    into passed from passing;
  return jsonb_build_object('reserved', reserved, 'passed', coalesce(passed, '[]'));
end $$;
`,
};
