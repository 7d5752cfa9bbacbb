import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import type { Database } from './database.js';
import { EmbeddedDatabase } from './embedded-database.js';
import { migrate } from './migrate.js';
import { PostgresDatabase } from './postgres-database.js';

/** A database that starts beside the gateway is given this long. */
const START_PATIENCE_MS = 30_000;
const RETRY_MS = 500;

/** The database cannot be used: told in one line at the start, which ends then. */
export class DatabaseStartError extends Error {
  override readonly name = 'DatabaseStartError';
}

/**
 * Opens the database of the settings and brings its schema up to date; undefined where there is to be none.
 *
 * @param patienceMs how long a PostgreSQL that does not answer yet is waited for
 * @throws DatabaseStartError saying why it cannot be used; never with the password
 */
export async function openDatabase(
  where: Settings['database'],
  logger: Logger,
  patienceMs = START_PATIENCE_MS,
): Promise<Database | undefined> {
  if (where.kind === 'none') return undefined;
  try {
    return where.kind === 'embedded'
      ? await openEmbedded(where.folder, logger)
      : await openPostgres(where.url, logger, patienceMs);
  } catch (cause) {
    throw new DatabaseStartError(`The database cannot be used: ${reasonOf(cause)}`, { cause });
  }
}

async function openEmbedded(folder: string, logger: Logger): Promise<Database> {
  const database = await EmbeddedDatabase.open(folder, logger);
  try {
    await bringUpToDate(database, logger);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

async function openPostgres(url: string, logger: Logger, patienceMs: number): Promise<Database> {
  const patient = new PostgresDatabase(url, logger, 0);
  try {
    await reached(patient, logger, patienceMs);
    await bringUpToDate(patient, logger);
  } finally {
    await patient.close();
  }
  return new PostgresDatabase(url, logger);
}

async function reached(database: Database, logger: Logger, patienceMs: number): Promise<void> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    try {
      await database.query('select 1');
      return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      logger.warn({ reason: reasonOf(error) }, 'the database does not answer yet');
      await pause(RETRY_MS);
    }
  }
}

async function bringUpToDate(database: Database, logger: Logger): Promise<void> {
  const steps = await migrate(database);
  if (steps.length > 0) logger.info({ steps }, 'the schema of the database was brought up to date');
}

/** What went wrong underneath: the outer message is for callers of the API. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (cause instanceof AggregateError) return cause.errors.map(reasonOf).join('; ');
  return cause instanceof Error ? cause.message : String(cause);
}
