import type { Query } from '../database/database.js';
import type { BudgetState } from '../spend/budgets.js';
import { budgetAnswer } from './allowance.js';
import type { Caller } from './caller.js';
import { assigned, type Columns, inserted } from './columns.js';
import type { KeyDto } from './dto/key-answers.dto.js';

/** A row of `keys`. */
export interface KeyRow {
  readonly token: string;
  /** What it was called before it was regenerated for the first time. */
  readonly first_token: string | null;
  /** What its budget is called, and what it counts as everywhere else. */
  readonly budget_scope: string;
  readonly key_name: string;
  readonly key_alias: string | null;
  readonly user_id: string | null;
  readonly team_id: string | null;
  readonly models: string[];
  readonly aliases: Record<string, string>;
  readonly allowed_routes: string[];
  readonly operations: string[];
  readonly rpm_limit: number | null;
  readonly ipm_limit: number | null;
  readonly max_parallel_requests: number | null;
  readonly priority: Caller['priority'];
  readonly weight: number;
  readonly tags: string[];
  readonly metadata: Record<string, unknown>;
  readonly blocked: boolean;
  readonly expires: Date | null;
  readonly created_at: Date;
  readonly created_by: string;
  readonly updated_at: Date;
  readonly updated_by: string;
}

/** Which keys a list shows; undefined: whatever. */
export interface KeyFilter {
  readonly team_id?: string | undefined;
  readonly key_alias?: string | undefined;
  readonly user_id?: string | undefined;
  readonly blocked?: boolean | undefined;
  readonly expired?: boolean | undefined;
}

/** Columns of a key that a body can set under the same name. */
export const KEY_COLUMNS = [
  ...['key_alias', 'user_id', 'team_id', 'models', 'aliases', 'allowed_routes', 'operations'],
  ...['rpm_limit', 'ipm_limit', 'max_parallel_requests', 'priority', 'weight', 'tags', 'metadata', 'blocked'],
];

export async function insertKey(query: Query, columns: Columns): Promise<KeyRow> {
  const { text, parameters } = inserted(columns);
  return one(await query<KeyRow>(`insert into keys ${text} returning *`, parameters));
}

export async function updateKey(query: Query, token: string, columns: Columns): Promise<KeyRow> {
  const { text, parameters } = assigned(columns);
  const sql = `update keys set ${text}, updated_at = now() where token = $1 returning *`;
  return one(await query<KeyRow>(sql, [token, ...parameters]));
}

/** The keys by digests, present or former ones. */
export function findKeys(query: Query, digests: readonly string[]): Promise<KeyRow[]> {
  return query<KeyRow>(FIND, [digests]);
}

/**
 * The same, locked until the transaction ends. A key that was regenerated while this waited for it is not found under the
 * name that it had: a statement sees names as they were when it began, so another one looks again.
 */
export async function lockKeys(query: Query, digests: readonly string[]): Promise<KeyRow[]> {
  const rows = await query<KeyRow>(LOCK, [digests]);
  return rows.length < digests.length ? query<KeyRow>(LOCK, [digests]) : rows;
}

const FIND = `select k.* from keys k where k.token = any($1::text[]) or k.token in
    (select token from key_overlaps where former_token = any($1::text[]) and until > now())
  order by k.token`;

const LOCK = `${FIND} for update`;

/** Those of some digests that are or were names of virtual keys which there still are. */
export async function takenDigests(query: Query, digests: readonly string[]): Promise<Set<string>> {
  const rows = await query<{ name: string }>(
    `select token as name from keys where token = any($1::text[])
     union select former_token from key_overlaps where former_token = any($1::text[])`,
    [digests],
  );
  return new Set(rows.map(({ name }) => name));
}

export function findKeysByAlias(query: Query, aliases: readonly string[]): Promise<KeyRow[]> {
  return query<KeyRow>('select * from keys where key_alias = any($1::text[]) order by token for update', [aliases]);
}

export async function pageOfKeys(
  query: Query,
  filter: KeyFilter,
  page: { readonly size: number; readonly skip: number },
): Promise<{ rows: KeyRow[]; total: number }> {
  const { team_id, key_alias, user_id, blocked, expired } = filter;
  const values = [team_id, key_alias, user_id, blocked, expired].map((value) => value ?? null);
  const [count] = await query<{ total: number }>(`select count(*) as total from keys ${MATCHING}`, values);
  const rows = await query<KeyRow>(`select * from keys ${MATCHING} order by created_at, token limit $6 offset $7`, [
    ...values,
    page.size,
    page.skip,
  ]);
  return { rows, total: count?.total ?? 0 };
}

const MATCHING = `where ($1::text is null or team_id = $1) and ($2::text is null or key_alias = $2)
  and ($3::text is null or user_id = $3) and ($4::boolean is null or blocked = $4)
  and ($5::boolean is null or coalesce(expires <= now(), false) = $5)`;

/** Every digest that leads to these keys: what replicas may remember of them. Or those alone by which they can be called now. */
export async function digestsOf(
  query: Query,
  tokens: readonly string[],
  { areWorking = false } = {},
): Promise<string[]> {
  const rows = await query<{ former_token: string }>(
    'select former_token from key_overlaps where token = any($1::text[]) and (until > now() or not $2::boolean)',
    [tokens, areWorking],
  );
  return [...tokens, ...rows.map(({ former_token }) => former_token)];
}

/** A key as answers show it, and nothing but that. */
export type KeyView = Pick<KeyDto, keyof KeyDto>;

export function toKeyView({ first_token, budget_scope, ...row }: KeyRow, budget: BudgetState | undefined): KeyView {
  return {
    ...row,
    ...budgetAnswer(budget),
    expires: row.expires?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

function one<T>([row]: readonly T[]): T {
  if (row === undefined) throw new Error('The row was deleted while it was locked.');
  return row;
}
