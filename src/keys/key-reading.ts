import type { Database } from '../database/database.js';
import type { ModelRegistry } from '../registry/model-registry.js';
import { type Caller, limitsOf } from './caller.js';
import type { Ask } from './key-lookups.js';
import type { KnownKey } from './known-key.js';

/** A key as it is checked: its own columns, its team's, and whether one of its budgets has an end. */
interface Row {
  /** What it was asked for: its own digest, or a former one. */
  readonly asked: string;
  readonly token: string;
  readonly budget_scope: string;
  readonly key_alias: string | null;
  readonly key_name: string;
  readonly team_id: string | null;
  readonly models: readonly string[];
  readonly aliases: Readonly<Record<string, string>>;
  readonly allowed_routes: readonly string[];
  readonly operations: readonly string[];
  readonly rpm_limit: number | null;
  readonly ipm_limit: number | null;
  readonly max_parallel_requests: number | null;
  readonly priority: Caller['priority'];
  readonly weight: number;
  readonly tags: readonly string[];
  readonly blocked: boolean;
  readonly expires: Date | null;
  readonly team_models: readonly string[] | null;
  readonly team_rpm_limit: number | null;
  readonly team_ipm_limit: number | null;
  readonly team_max_parallel_requests: number | null;
  readonly team_blocked: boolean | null;
  readonly budgeted: boolean;
}

/** A former digest leads to the key that has taken its place, until the overlap ends. */
const READ = `
  select w.asked, k.token, k.budget_scope, k.key_alias, k.key_name, k.team_id, k.models, k.aliases, k.allowed_routes, k.operations,
    k.rpm_limit, k.ipm_limit, k.max_parallel_requests, k.priority, k.weight, k.tags, k.blocked,
    least(k.expires, o.until) as expires,
    t.models as team_models, t.rpm_limit as team_rpm_limit, t.ipm_limit as team_ipm_limit,
    t.max_parallel_requests as team_max_parallel_requests, t.blocked as team_blocked,
    exists (select 1 from budgets where scope in (k.budget_scope, 'team:' || k.team_id)
      and max_micro_dollars is not null) as budgeted
  from unnest($1::text[]) as w(asked)
  left join key_overlaps o on o.former_token = w.asked and o.until > now()
  join keys k on k.token = coalesce(o.token, w.asked)
  left join teams t on t.team_id = k.team_id`;

/** Asks the database for keys, as they are checked. */
export function keysIn(database: Database, registry: ModelRegistry): Ask {
  return async (digests) => {
    const rows = await database.query<Row>(READ, [digests]);
    return new Map(rows.map((row) => [row.asked, toKnownKey(row, registry)]));
  };
}

function toKnownKey(row: Row, registry: ModelRegistry): KnownKey {
  return {
    caller: toCaller(row, registry),
    expiresAt: row.expires?.getTime(),
    blocked: row.blocked ? 'key' : row.team_blocked === true ? 'team' : undefined,
  };
}

function toCaller(row: Row, registry: ModelRegistry): Caller {
  const { team_id: team } = row;
  return {
    id: row.token,
    scope: row.budget_scope,
    alias: row.key_alias ?? row.key_name,
    keyName: row.key_name,
    isMaster: false,
    ...(team !== null && {
      team: {
        id: team,
        limits: limitsOf(row.team_rpm_limit, row.team_ipm_limit, row.team_max_parallel_requests),
        models: withMeanings(row.team_models ?? [], registry),
      },
    }),
    models: withMeanings(row.models, registry),
    operations: row.operations,
    routes: row.allowed_routes,
    aliases: row.aliases,
    limits: limitsOf(row.rpm_limit, row.ipm_limit, row.max_parallel_requests),
    budgets: [row.budget_scope, ...(team === null ? [] : [`team:${team}`])],
    isBudgeted: row.budgeted,
    tags: row.tags,
    priority: row.priority,
    weight: row.weight,
  };
}

/** LiteLLM's words for "no limit of the key's own". */
const ANY_MODEL: ReadonlySet<string> = new Set(['*', 'all-proxy-models', 'all-team-models']);

/**
 * The names of models that may be used, and what they lead to: whoever may use `gpt-image-1` may use the model that it
 * stands for, which is what permissions are checked on.
 */
export function withMeanings(names: readonly string[], registry: ModelRegistry): readonly string[] {
  if (names.some((name) => ANY_MODEL.has(name))) return [];
  const meanings = names.filter((name) => !name.includes('*')).map((name) => registry.meaningOf(name));
  return [...new Set([...names, ...meanings.filter((meaning) => meaning !== undefined)])];
}
