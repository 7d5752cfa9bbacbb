import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../../database/database.js';
import { noDatabase } from '../../database/database-down.js';
import { allNames } from '../../keys/names-of-keys.js';
import type { Period } from './period.js';

export const GROUPINGS = ['day', 'key', 'team', 'model'] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** What a group of requests came to; money in micro-dollars. */
export interface SpendSum {
  /** The day (2026-01-31), or the id of the key, the team or the model; empty: none. */
  readonly name: string;
  /** Of a key: what it was called last. */
  readonly alias: string | null;
  readonly requests: number;
  readonly failures: number;
  readonly images: number;
  readonly cost: number;
  readonly unconfirmed: number;
}

/** Sums of the ledger: of the single requests, and of the days that older ones were rolled up to. */
@Injectable()
export class SpendSums {
  constructor(@Inject(Database) private readonly database: Database | undefined) {}

  /** Days in their order, everything else by what it cost. @param key counts this key alone, under its former names too */
  read(grouping: Grouping, { from, until }: Period, key?: string): Promise<SpendSum[]> {
    if (!this.database) throw noDatabase();
    return this.database.query<SpendSum>(SUMS[grouping], [from ?? null, until ?? null, key ?? null]);
  }
}

/** What a key is called, and was called before it was regenerated. */
const NAMES_OF_KEY = allNames('array[$3]');

/** What was spent under a former name belongs to the key that has taken its place, as long as there is that key. */
const PRESENT_NAME = 'coalesce((select token from key_overlaps where former_token = key_id), key_id)';

const NAMES: Readonly<Record<Grouping, string>> = {
  day: 'day::text',
  key: PRESENT_NAME,
  team: 'team_id',
  model: 'model',
};

/** A day that was rolled up belongs to the period that holds its first instant: of neighbouring ones, to one alone. */
const sums = (grouping: Grouping): string => `
  with facts as (
    select (started_at at time zone 'utc')::date as day, started_at as at, key_id, key_alias, coalesce(team_id, '') as team_id,
      coalesce(model, '') as model, 1 as requests, (status = 'failure')::int as failures, images,
      cost_micro_dollars as cost, unconfirmed_micro_dollars as unconfirmed
    from spend_logs
    where ($1::timestamptz is null or started_at >= $1) and ($2::timestamptz is null or started_at < $2)
      and ($3::text is null or key_id = any(${NAMES_OF_KEY}))
    union all
    select day, day at time zone 'utc', key_id, nullif(key_alias, ''), team_id, model, requests, failures, images, cost_micro_dollars,
      unconfirmed_micro_dollars
    from spend_daily
    where ($1::timestamptz is null or day >= ($1 at time zone 'utc'))
      and ($2::timestamptz is null or day < ($2 at time zone 'utc'))
      and ($3::text is null or key_id = any(${NAMES_OF_KEY}))
  )
  select ${NAMES[grouping]} as name, ${grouping === 'key' ? '(array_agg(key_alias order by at desc))[1]' : 'null'} as alias,
    sum(requests)::bigint as requests, sum(failures)::bigint as failures, sum(images)::bigint as images,
    sum(cost)::bigint as cost, sum(unconfirmed)::bigint as unconfirmed
  from facts group by 1 order by ${grouping === 'day' ? 'name' : 'cost desc, name'}`;

const SUMS: Readonly<Record<Grouping, string>> = {
  day: sums('day'),
  key: sums('key'),
  team: sums('team'),
  model: sums('model'),
};
