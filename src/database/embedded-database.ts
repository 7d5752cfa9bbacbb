import type { Logger } from 'pino';
import type { Database, Query } from './database.js';
import { databaseDown } from './database-down.js';
import { EmbeddedProcess } from './embedded-process.js';

interface Listening {
  readonly channel: string;
  readonly hear: (payload: string) => void;
  readonly onGap: () => void;
}

/** A process that keeps ending is not started more often than this. */
const RESTART_MS = 1_000;

/**
 * PostgreSQL (PGlite) in a process of its own that lives as long as this one (docs/decisions/embedded-database.md). It
 * has one session, so statements and transactions take turns. A process that dies is started again.
 */
export class EmbeddedDatabase implements Database {
  private readonly listenings = new Set<Listening>();
  private turn: Promise<unknown> = Promise.resolve();
  private process: EmbeddedProcess | undefined;
  private isClosed = false;

  private constructor(
    private readonly folder: string,
    private readonly logger: Logger,
  ) {}

  /** @throws Error saying why it does not start: a folder that is in use or cannot be written */
  static async open(folder: string, logger: Logger): Promise<EmbeddedDatabase> {
    const database = new EmbeddedDatabase(folder, logger);
    await database.start();
    return database;
  }

  get isUp(): boolean {
    return this.process !== undefined;
  }

  readonly query: Query = (sql, parameters = []) => this.inTurn(() => this.run(sql, parameters));

  async value(sql: string, parameters: readonly string[]): Promise<string | undefined> {
    const [row = {}] = await this.query<Record<string, string | null>>(sql, parameters);
    return Object.values(row)[0] ?? undefined;
  }

  transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    const query: Query = (sql, parameters = []) => this.run(sql, parameters);
    return this.inTurn(async () => {
      const { process } = this;
      await query('begin');
      try {
        const result = await work(query);
        await query('commit');
        return result;
      } catch (error) {
        // Where the process is gone, so is the transaction.
        if (process !== undefined && process === this.process) await query('rollback');
        throw error;
      }
    });
  }

  async listen(channel: string, hear: (payload: string) => void, onGap: () => void): Promise<() => Promise<void>> {
    const listening = { channel, hear, onGap };
    await this.query(listenTo(channel));
    this.listenings.add(listening);
    return () => {
      this.listenings.delete(listening);
      return Promise.resolve();
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.turn;
    await this.process?.close();
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined); // The one who asked is told.
    return result;
  }

  private async run<Row extends object>(sql: string, parameters: readonly unknown[]): Promise<Row[]> {
    if (!this.process) throw databaseDown(new Error('The embedded database is not running.'));
    return (await this.process.query(sql, parameters)) as Row[];
  }

  private async start(): Promise<void> {
    const process = await EmbeddedProcess.start(this.folder, (channel, payload) => {
      for (const listening of this.listenings) if (listening.channel === channel) listening.hear(payload);
    });
    this.process = process;
    void process.ended.then(() => {
      this.process = undefined;
      if (!this.isClosed) this.startAgain();
    });
  }

  private startAgain(): void {
    this.logger.error({ folder: this.folder }, 'the embedded database was lost; it is started again');
    setTimeout(() => {
      if (this.isClosed) return;
      this.start()
        .then(() => this.listenAgain())
        .catch((error: unknown) => {
          this.logger.error({ err: error }, 'the embedded database does not start');
          this.startAgain();
        });
    }, RESTART_MS).unref();
  }

  private async listenAgain(): Promise<void> {
    for (const { channel } of this.listenings) await this.query(listenTo(channel));
    for (const { onGap } of this.listenings) onGap();
  }
}

function listenTo(channel: string): string {
  return `listen "${channel.replaceAll('"', '""')}"`;
}
