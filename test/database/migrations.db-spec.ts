import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Database } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import { MIGRATIONS } from '../../src/database/migrations/migrations.js';
import { Budgets } from '../../src/spend/budgets.js';
import { type TestDatabase, testDatabaseWithoutSchema } from '../support/database.js';
import { LedgerOn } from '../support/ledger.js';

jest.setTimeout(60_000);

let home: TestDatabase;
let database: Database;

beforeEach(async () => {
  home = await testDatabaseWithoutSchema();
  database = await home.open();
});

afterEach(async () => {
  await database.close();
  await home[Symbol.asyncDispose]();
});

/** Everything that makes up the schema, in an order of its own. */
const schema = () =>
  database.query(`
    select table_name as place, column_name as name, data_type || is_nullable || coalesce(column_default, '') as is
      from information_schema.columns where table_schema = 'public'
    union all select tablename, indexname, indexdef from pg_indexes where schemaname = 'public'
    union all select 'function', proname, md5(prosrc) from pg_proc where pronamespace = 'public'::regnamespace
    union all select 'trigger', tgname, pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    order by place, name, "is"`);

/** Puts the database back to how a step left it: the first as it was written down then, the others as they are made. */
async function backTo(version: number): Promise<void> {
  await database.query('drop schema public cascade');
  await database.query('create schema public');
  await database.query(await readFile(new URL('fixtures/schema-1.sql', import.meta.url), 'utf8'));
  await database.query(`create table schema_migrations (version integer primary key, name text not null,
    applied_at timestamptz not null default now())`);
  await database.query("insert into schema_migrations (version, name) values (1, 'spend')");
  await migrate(database, MIGRATIONS.slice(0, version));
}

describe('The schema', () => {
  it('comes from nothing in numbered steps without a gap', async () => {
    expect(MIGRATIONS.map(({ version }) => version)).toEqual(MIGRATIONS.map((_, at) => at + 1));
    expect(await database.query('select version from schema_migrations order by version')).toEqual(
      MIGRATIONS.map(({ version }) => ({ version })),
    );
  });

  const former = MIGRATIONS.slice(0, -1).map(({ version }) => version);
  it.each(former)('comes from step %i with its rows to the same as from nothing', async (version) => {
    const fromNothing = await schema();
    await backTo(version);
    await database.query(
      `insert into budgets (scope, max_micro_dollars, spent_micro_dollars) values ('key:a', 100, 60)`,
    );
    await database.query(`insert into dispatches (request_id, sequence, key_id, images, tags, scopes, windows, created_at,
      deadline, price_micro_dollars) values ('req_1', 0, 'a', 1, '{}', '{key:a}', '{0}', now(), now(), 40)`);
    await database.query(`insert into spend_logs (request_id, sequence, key_id, images, cost_micro_dollars,
      unconfirmed_micro_dollars, is_priced, status, tags, scopes, windows, started_at, ended_at)
      values ('req_0', 0, 'a', 1, 60, 0, true, 'success', '{t}', '{key:a}', '{0}', now(), now())`);
    await database.query(`insert into audit_log (actor, action, subject) values ('master', 'key.generate', 'a')`);

    const steps = await migrate(database);

    expect(steps).toHaveLength(MIGRATIONS.length - version);
    expect(await schema()).toEqual(fromNothing);
    expect((await new Budgets(database).read(['key:a'])).get('key:a')).toMatchObject({
      maxMicroDollars: 100,
      spentMicroDollars: 60,
    });
    for (const table of ['dispatches', 'spend_logs', 'audit_log']) {
      expect(await database.query(`select count(*) as rows from ${table}`)).toEqual([{ rows: 1 }]);
    }
  });
});

describe('Budgets of keys and teams', () => {
  const [formerly, now] = ['a'.repeat(64), 'b'.repeat(64)];

  it('from before they stayed with their key go on with what was spent and reserved', async () => {
    await backTo(5);
    await database.query(`insert into teams (team_id, created_by, updated_by) values ('design', 'master', 'master')`);
    await database.query(`insert into keys (token, key_name, team_id, created_by, updated_by)
      values ('${now}', 'sk-...bbbb', 'design', 'master', 'master')`);
    await database.query(
      `insert into key_overlaps (former_token, token, until) values ('${formerly}', '${now}', now())`,
    );
    await database.query(`insert into budgets (scope, max_micro_dollars, spent_micro_dollars, reserved_micro_dollars, window_no)
      values ('key:${now}', 100, 20, 40, 7), ('team:design', 100, 20, 40, 3)`);
    const scopes = [`key:${now}`, 'team:design'];
    await database.query(
      `insert into dispatches (request_id, sequence, key_id, images, tags, scopes, windows, created_at, deadline,
        price_micro_dollars) values ('req_1', 0, '${now}', 1, '{}', $1, '{7,3}', now(), now(), 40)`,
      [scopes],
    );

    expect(await migrate(database)).toEqual(MIGRATIONS.slice(5).map(({ version, name }) => `${version} ${name}`));

    expect(await database.query('select first_token, budget_scope from keys')).toEqual([
      { first_token: null, budget_scope: `key:${now}` },
    ]);
    expect(await new LedgerOn(database).sweep.sweep()).toBe(1);
    const budgets = await new Budgets(database).read(scopes);
    for (const scope of scopes) {
      expect(budgets.get(scope)).toMatchObject({
        maxMicroDollars: 100,
        spentMicroDollars: 60,
        reservedMicroDollars: 0,
      });
    }
    // The windows to come have numbers that none had before.
    await new Budgets(database).define('key:new', {});
    const [made] = await database.query<{ window_no: number }>(`select window_no from budgets where scope = 'key:new'`);
    expect(made?.window_no).toBeGreaterThan(7);
  });
});

describe('image-gateway migrate', () => {
  it('brings the schema up to date and leaves (as built: npm run build)', async () => {
    await backTo(1);
    await database.close();

    const { stdout } = await promisify(execFile)(process.execPath, ['dist/cli.js', 'migrate'], {
      env: {
        PATH: process.env['PATH'],
        RECRAFT_API_KEY: 'none',
        MASTER_KEY: 'none',
        LOG_LEVEL: 'silent',
        ...home.environment,
      },
    });

    expect(stdout).toBe('The schema is up to date.\n');
    database = await home.open();
    expect(await database.query('select max(version) as version from schema_migrations')).toEqual([
      { version: MIGRATIONS.length },
    ]);
  });
});
