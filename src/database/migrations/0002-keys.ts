import type { Migration } from '../migrate.js';

/** Virtual keys and their teams. What a key is called by is its SHA-256; the key itself is nowhere. */
export const KEYS: Migration = {
  version: 2,
  name: 'keys',
  sql: `
create table teams (
  team_id text primary key,
  team_alias text unique,
  models text[] not null default '{}',
  rpm_limit integer check (rpm_limit > 0),
  ipm_limit integer check (ipm_limit > 0),
  max_parallel_requests integer check (max_parallel_requests > 0),
  blocked boolean not null default false,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  created_by text not null,
  updated_at timestamptz not null default now(),
  updated_by text not null
);

create table keys (
  token text primary key check (token ~ '^[0-9a-f]{64}$'),
  key_name text not null,
  key_alias text unique,
  user_id text,
  team_id text references teams,
  models text[] not null default '{}',
  aliases jsonb not null default '{}',
  allowed_routes text[] not null default '{}',
  operations text[] not null default '{}',
  rpm_limit integer check (rpm_limit > 0),
  ipm_limit integer check (ipm_limit > 0),
  max_parallel_requests integer check (max_parallel_requests > 0),
  priority text not null default 'interactive' check (priority in ('interactive', 'batch')),
  weight integer not null default 1 check (weight between 1 and 100),
  tags text[] not null default '{}',
  metadata jsonb not null default '{}',
  blocked boolean not null default false,
  expires timestamptz,
  created_at timestamptz not null default now(),
  created_by text not null,
  updated_at timestamptz not null default now(),
  updated_by text not null
);
create index keys_team on keys (team_id);
create index keys_order on keys (created_at, token);

-- Former names of regenerated keys, which work for a while yet.
create table key_overlaps (
  former_token text primary key,
  token text not null references keys on update cascade on delete cascade,
  until timestamptz not null
);
create index key_overlaps_token on key_overlaps (token);

-- Counts the changes: whoever remembers keys sees by it whether a notification was missed.
create table key_changes (
  singleton boolean primary key default true check (singleton),
  number bigint not null
);
insert into key_changes (number) values (0);
`,
};
