import { hash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import type { Settings } from '../../src/config/settings.js';
import type { Database } from '../../src/database/database.js';
import { EmbeddedDatabase } from '../../src/database/embedded-database.js';
import { MIGRATIONS } from '../../src/database/migrations/migrations.js';
import { openDatabase } from '../../src/database/open-database.js';
import { temporaryFolder } from './temporary-folder.js';

/** The server to make databases on; unset: embedded ones. `scripts/check.mjs` runs the database tests both ways. */
const SERVER = process.env['TEST_DATABASE_URL'];

/** Redis for what gateways share; unset: each has its own. */
export const redisUrl = process.env['TEST_REDIS_URL'];

export const onPostgres = SERVER !== undefined;

export const silent = pino({ level: 'silent' });

/** A database of a test's own, empty. */
export interface TestDatabase extends AsyncDisposable {
  /** What a gateway is started with to use it. */
  readonly environment: Readonly<Record<string, string>>;
  /** Another connection to it, its schema up to date; one at a time where it is embedded. */
  open(): Promise<Database>;
}

/** Makes a database; it is gone with everything in it once it is disposed of. An embedded one has its schema already. */
export function testDatabase(): Promise<TestDatabase> {
  return SERVER === undefined ? embedded(withSchema) : onServer(SERVER);
}

/** The same for whoever tests how the schema is made: there is none. */
export function testDatabaseWithoutSchema(): Promise<TestDatabase> {
  return SERVER === undefined ? embedded(withoutSchema) : onServer(SERVER);
}

async function embedded(pattern: () => Promise<string>): Promise<TestDatabase> {
  const folder = await temporaryFolder();
  const dataDir = join(folder.path, 'data');
  await cp(await pattern(), dataDir, { recursive: true });
  return {
    environment: { DATABASE_URL: '', DATA_DIR: dataDir },
    open: () => opened({ kind: 'embedded', folder: dataDir }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function onServer(server: string): Promise<TestDatabase> {
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await onMaintenance(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    environment: { DATABASE_URL: url.href },
    open: () => opened({ kind: 'postgres', url: url.href }),
    [Symbol.asyncDispose]: () => onMaintenance(server, `drop database ${name} with (force)`),
  };
}

async function opened(where: Settings['database']): Promise<Database> {
  const database = await openDatabase(where, silent);
  if (!database) throw new Error('No database was asked for.');
  return database;
}

async function onMaintenance(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(sql);
  await client.end();
}

async function withoutSchema(): Promise<string> {
  return madeOnce(await embeddedVersion(), (folder) => EmbeddedDatabase.open(folder, silent));
}

async function withSchema(): Promise<string> {
  const steps = hash('sha256', JSON.stringify(MIGRATIONS)).slice(0, 16);
  return madeOnce(`${await embeddedVersion()}-${steps}`, (folder) => opened({ kind: 'embedded', folder }));
}

/** Making an embedded database takes seconds and copying one does not: it is made once on a machine, by its version. */
async function madeOnce(version: string, open: (folder: string) => Promise<Database>): Promise<string> {
  const shared = join(tmpdir(), `image-gateway-empty-database-${version}`);
  if (existsSync(shared)) return shared;
  const made = await mkdtemp(`${shared}-`);
  const database = await open(made);
  await database.close();
  try {
    await rename(made, shared);
  } catch {
    await rm(made, { recursive: true }); // Another test file was first.
  }
  return shared;
}

async function embeddedVersion(): Promise<string> {
  const file = await readFile(new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url), 'utf8');
  return (JSON.parse(file) as { version: string }).version;
}
