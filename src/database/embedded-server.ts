/**
 * The embedded database's own process: its memory and its blocking calls stay out of the gateway's. It takes one
 * statement a message and ends when its channel closes, that is when the gateway is gone, however that went.
 *
 * It is run as it stands, from source too, so it imports no file of this project but for types.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PGlite, types } from '@electric-sql/pglite';
import type { FromServer, ToServer } from './embedded-protocol.js';

/** A gateway that was just killed may take this long to let go of the folder. */
const LOCK_PATIENCE_MS = 10_000;

const folder = process.argv[2] ?? '';

// Ctrl-C reaches the whole group, and the gateway still has something to write.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);

/** A gateway that was killed hears nothing more; that it is gone is told by `disconnect`. */
function send(message: FromServer): void {
  if (process.connected) process.send?.(message, undefined, {}, () => undefined);
}

/**
 * Holds the folder for as long as this process lives: PGlite itself would open it twice and lose rows. SQLite's is the
 * one lock of the operating system that Node can take; it is gone with the process, whatever ends it.
 */
function hold(): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(join(folder, 'lock'), { timeout: LOCK_PATIENCE_MS });
  lock.exec('pragma locking_mode = exclusive; begin exclusive');
  return lock;
}

async function answer(database: PGlite, { id, sql, parameters }: ToServer): Promise<void> {
  try {
    const results =
      parameters.length === 0 ? await database.exec(sql) : [await database.query<object>(sql, [...parameters])];
    send({ kind: 'rows', id, rows: results.at(-1)?.rows ?? [] });
  } catch (error) {
    const { message, code, constraint } = error as { message: string; code?: string; constraint?: string };
    send({ kind: 'refused', id, message, code, constraint });
  }
}

function exact(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`${text} is beyond 2^53.`);
  return value;
}

async function serve(): Promise<void> {
  const lock = hold();
  const database = await PGlite.create({ dataDir: join(folder, 'postgres'), parsers: { [types.INT8]: exact } });
  database.onNotification((channel, payload) => {
    send({ kind: 'heard', channel, payload });
  });
  process.on('message', (message) => void answer(database, message as ToServer));
  const leave = async (): Promise<void> => {
    await database.close();
    lock.close();
    process.exit(0);
  };
  process.once('disconnect', () => void leave());
  if (!process.connected) await leave();
  send({ kind: 'ready' });
}

try {
  await serve();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const reason = message.includes('database is locked') ? `${folder} is in use by another gateway` : message;
  // The channel is asynchronous: leaving at once would lose the message.
  process.send?.({ kind: 'failed', reason } satisfies FromServer, () => process.exit(1));
}
