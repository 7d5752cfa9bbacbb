import type { Database } from './database.js';
import { MIGRATIONS } from './migrations/migrations.js';

/** One step of the schema; a step that was released is never changed. */
export interface Migration {
  readonly version: number;
  readonly name: string;
  readonly sql: string;
}

/** Any number, as long as it is always the same: gateways that start together take turns. */
const LOCK = 7_263_914;

/**
 * Brings the schema up to date: every step that is missing, all of them or none. Where the schema is newer than this
 * program, as during a rolling upgrade, nothing is done.
 *
 * @returns names of the steps that were taken
 */
export function migrate(database: Database, migrations: readonly Migration[] = MIGRATIONS): Promise<string[]> {
  return database.transaction(async (query) => {
    await query('select pg_advisory_xact_lock($1)', [LOCK]);
    await query(`create table if not exists schema_migrations (
      version integer primary key,
      name text not null,
      applied_at timestamptz not null default now()
    )`);
    const applied = await query<{ version: number }>('select version from schema_migrations');
    const known = new Set(applied.map(({ version }) => version));
    const missing = migrations.filter(({ version }) => !known.has(version));
    for (const { version, name, sql } of missing) {
      await query(sql);
      await query('insert into schema_migrations (version, name) values ($1, $2)', [version, name]);
    }
    return missing.map(({ version, name }) => `${version} ${name}`);
  });
}
