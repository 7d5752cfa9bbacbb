import type { Migration } from '../migrate.js';

/**
 * The ledger's functions again, with the same questions and answers: a batch is read once and is then a handful of
 * statements, however many requests are in it, and each keeps its plan for as long as its connection lives.
 */
export const SET_BASED_LEDGER: Migration = {
  version: 5,
  name: 'set-based ledger',
  sql: `
drop function end_dispatches(jsonb);
drop function move_budgets(jsonb);
drop function dispatch_all(jsonb);
drop function dispatch_within(jsonb);

-- What the gateway tells: how a request ended, and what one that is about to be sent is and counts against.
create type ledger_ending as (id text, seq integer, status text, fault text, images integer, charged bigint,
  upstream text);
create type ledger_reservation as (n integer, id text, seq integer, key text, alias text, team text, model text,
  operation text, images integer, price bigint, "user" text, tags text[], scopes text[], ttl bigint, print text);
-- What is added to a budget, in the window that it belongs to.
create type budget_move as (scope text, window_no bigint, reserved bigint, spent bigint);

-- Ends requests: each dispatch becomes a row of the log. Answers what that moves in the budgets.
create function end_dispatches(endings ledger_ending[]) returns budget_move[] language plpgsql as $$
declare
  moves budget_move[];
  late budget_move[];
  found_count integer;
begin
  with ended as (
    delete from dispatches d using unnest(endings) e where d.request_id = e.id and d.sequence = e.seq
    returning d.*, e.status, e.fault, coalesce(e.images, d.images) as answered, e.charged, e.upstream,
      case when e.status = 'success' then coalesce(e.charged, d.price_micro_dollars, 0) else 0 end as cost,
      case when e.status = 'possibly_charged' then coalesce(d.price_micro_dollars, 0) else 0 end as doubted
  ), logged as (
    insert into spend_logs (request_id, sequence, key_id, key_alias, team_id, model, operation, images, credits,
      cost_micro_dollars, unconfirmed_micro_dollars, is_priced, status, fault, upstream_request_id, end_user, tags,
      scopes, windows, started_at, ended_at)
    select request_id, sequence, key_id, key_alias, team_id, model, operation, answered, charged / 1000.0,
      cost, doubted, price_micro_dollars is not null,
      status, fault, upstream, end_user, tags, scopes, windows, created_at, clock_timestamp()
    from ended
  )
  select
    (select count(*) from ended),
    array(
      select row(s.scope, s.win, -sum(coalesce(price_micro_dollars, 0)), sum(cost + doubted))::budget_move
      from ended, unnest(scopes, windows) as s(scope, win) group by s.scope, s.win
    )
  into found_count, moves;
  if found_count = cardinality(endings) then
    return moves;
  end if;
  -- Swept before the answer was known: what it really came to takes the place of the doubt.
  with doubt as (
    select l.id, l.unconfirmed_micro_dollars as doubted, e.status, e.fault, e.images, e.charged, e.upstream
    from spend_logs l join unnest(endings) e on l.request_id = e.id and l.sequence = e.seq
    where e.status <> 'possibly_charged' and l.status = 'possibly_charged' and l.fault = 'unfinished'
    for update of l
  ), cleared as (
    update spend_logs l set
      status = d.status, fault = d.fault, images = d.images, credits = d.charged / 1000.0,
      cost_micro_dollars = case when d.status = 'success' then coalesce(d.charged, d.doubted) else 0 end,
      unconfirmed_micro_dollars = 0, upstream_request_id = d.upstream
    from doubt d where l.id = d.id
    returning l.scopes, l.windows, l.cost_micro_dollars - d.doubted as spent
  )
  select array(
    select row(s.scope, s.win, 0, sum(spent))::budget_move
    from cleared, unnest(scopes, windows) as s(scope, win) group by s.scope, s.win
  ) into late;
  return moves || late;
end $$;

-- Moves what ended from reserved to spent, each in the window it was reserved in; a window that is over stays as it was.
create function move_budgets(moves budget_move[]) returns void language plpgsql as $$
begin
  update budgets b set
    reserved_micro_dollars = b.reserved_micro_dollars + m.reserved,
    spent_micro_dollars = b.spent_micro_dollars + m.spent
  from (
    select scope, window_no, sum(reserved)::bigint as reserved, sum(spent)::bigint as spent
    from unnest(moves) group by scope, window_no
  ) m
  where b.scope = m.scope and b.window_no = m.window_no;
end $$;

-- Records requests of callers without budgets as about to be sent.
create function dispatch_all(reservations ledger_reservation[]) returns void language plpgsql as $$
begin
  insert into dispatches (request_id, sequence, key_id, key_alias, team_id, model, operation, images,
    price_micro_dollars, end_user, tags, scopes, windows, created_at, deadline, print)
  select id, seq, key, alias, team, model, operation, images, price, "user", coalesce(tags, '{}'), '{}', '{}',
    clock_timestamp(), clock_timestamp() + make_interval(secs => ttl / 1000.0), print
  from unnest(reservations)
  where scopes is null
  on conflict do nothing;
end $$;

-- The budgets that have no room for all that is asked of them together: who is let in there depends on the order.
create function tight_budgets(reservations ledger_reservation[]) returns text[] language plpgsql as $$
begin
  return array(
    select b.scope
    from (
      select s.scope, sum(r.price) as wanted from unnest(reservations) r, unnest(r.scopes) as s(scope)
      where r.price > 0 group by s.scope
    ) w join budgets b on b.scope = w.scope
    where b.spent_micro_dollars + b.reserved_micro_dollars + w.wanted > b.max_micro_dollars
  );
end $$;

-- The same for callers with budgets that have room for all of them.
create function dispatch_together(reservations ledger_reservation[]) returns jsonb language plpgsql as $$
declare
  answers jsonb;
begin
  with holding as materialized (
    select a.scopes,
      coalesce(array_agg(b.scope order by b.scope) filter (where b.scope is not null), '{}') as held,
      coalesce(array_agg(b.window_no order by b.scope) filter (where b.scope is not null), '{}') as windows,
      max(b.spent_micro_dollars) filter (where b.scope like 'key:%') as spent,
      max(b.max_micro_dollars) filter (where b.scope like 'key:%') as most
    from (select distinct scopes from unnest(reservations)) a left join budgets b on b.scope = any(a.scopes)
    group by a.scopes
  ), dispatched as (
    insert into dispatches (request_id, sequence, key_id, key_alias, team_id, model, operation, images,
      price_micro_dollars, end_user, tags, scopes, windows, created_at, deadline, print)
    select id, seq, key, alias, team, model, operation, images, price, "user", coalesce(tags, '{}'), held, windows,
      clock_timestamp(), clock_timestamp() + make_interval(secs => ttl / 1000.0), print
    from unnest(reservations) r join holding h on h.scopes = r.scopes
  ), reserving as (
    update budgets b set reserved_micro_dollars = b.reserved_micro_dollars + w.wanted
    from (
      select s.scope, sum(r.price)::bigint as wanted from unnest(reservations) r, unnest(r.scopes) as s(scope)
      where r.price > 0 group by s.scope
    ) w
    where b.scope = w.scope
  )
  select jsonb_agg(jsonb_build_object('n', r.n, 'spent', h.spent, 'max', h.most)) into answers
    from unnest(reservations) r join holding h on h.scopes = r.scopes;
  return coalesce(answers, '[]');
end $$;

-- The same for one of them, where each of its budgets has room; else why it has not.
create function dispatch_within(reservation ledger_reservation) returns jsonb language plpgsql as $$
declare
  full_one budgets;
begin
  select * into full_one from budgets
    where scope = any(reservation.scopes) and reservation.price > 0
      and spent_micro_dollars + reserved_micro_dollars + reservation.price > max_micro_dollars
    order by scope limit 1;
  if found then
    return jsonb_build_object('n', reservation.n, 'full', full_one.scope, 'spent', full_one.spent_micro_dollars,
      'reserved', full_one.reserved_micro_dollars, 'max', full_one.max_micro_dollars, 'resetsAt', full_one.resets_at);
  end if;
  return dispatch_together(array[reservation]);
end $$;

-- A batch of the ledger: endings first, because they make room; then reservations, in their order where that decides.
-- Answers what became of the reservations of callers with budgets, and the soft budgets that were passed. The planner
-- cannot know that a batch is small and a table large: rows are always looked up by their index.
create or replace function apply_to_ledger(endings jsonb, reservations jsonb) returns jsonb language plpgsql
set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off set jit = off as $$
declare
  ended ledger_ending[] := array(select e from jsonb_populate_recordset(null::ledger_ending, endings) e);
  asked ledger_reservation[] :=
    array(select r from jsonb_populate_recordset(null::ledger_reservation, reservations) r);
  moves budget_move[] := '{}';
  touched text[];
  tight text[];
  reservation ledger_reservation;
  reserved jsonb := '[]';
  passed jsonb;
begin
  if ended <> '{}' then
    moves := end_dispatches(ended);
  end if;
  if asked <> '{}' then
    perform dispatch_all(asked);
    asked := array(select r from unnest(asked) r where r.scopes is not null);
  end if;
  touched := array(
    select scope from unnest(moves) union select s.scope from unnest(asked) r, unnest(r.scopes) as s(scope)
  );
  if touched = '{}' then
    return '{}';
  end if;
  perform open_budgets(touched);
  if moves <> '{}' then
    perform move_budgets(moves);
  end if;
  if asked <> '{}' then
    tight := tight_budgets(asked);
    reserved := dispatch_together(array(select r from unnest(asked) r where not r.scopes && tight));
    if tight <> '{}' then
      foreach reservation in array array(select r from unnest(asked) r where r.scopes && tight) loop
        reserved := reserved || dispatch_within(reservation);
      end loop;
    end if;
  end if;
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
