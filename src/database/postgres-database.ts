import pg from 'pg';
import type { Logger } from 'pino';
import { type Database, exactInteger, LONGEST_STATEMENT_MS, type Query } from './database.js';
import { databaseDown, databaseError } from './database-down.js';
import { PostgresListener } from './postgres-listener.js';
import { valueOf } from './single-value.js';

/** Of one gateway; PostgreSQL takes 100 without being told otherwise. Group commit needs few. */
const CONNECTIONS = 8;
const CONNECT_TIMEOUT_MS = 5_000;

/** PostgreSQL elsewhere, through a pool of connections. */
export class PostgresDatabase implements Database {
  isUp = true;
  private readonly pool: pg.Pool;
  private readonly listener: PostgresListener;
  private closing: Promise<void> | undefined;

  /** @param statementTimeoutMs 0: statements may take as long as they need, as changes of the schema do */
  constructor(
    url: string,
    private readonly logger: Logger,
    statementTimeoutMs = LONGEST_STATEMENT_MS,
  ) {
    const options = connectionOptions(url);
    this.pool = new pg.Pool({
      ...options,
      max: CONNECTIONS,
      query_timeout: statementTimeoutMs,
      statement_timeout: statementTimeoutMs,
    });
    // A connection that breaks, idle or between two statements: those who use it are told by their statement.
    this.pool.on('error', (error) => {
      logger.warn({ err: error.message }, 'an idle database connection was lost');
    });
    this.pool.on('connect', (client) => {
      client.on('error', (error) => {
        logger.debug({ err: error.message }, 'a database connection was lost');
      });
    });
    this.listener = new PostgresListener(() => new pg.Client(options), logger);
  }

  readonly query: Query = (sql, parameters) => this.onConnection((ask) => ask(rowsOf(sql, parameters)));

  value(sql: string, parameters: readonly string[]): Promise<string | undefined> {
    return this.onConnection((ask) => ask((client) => valueOf(client, sql, parameters)));
  }

  transaction<T>(work: (query: Query) => Promise<T>): Promise<T> {
    return this.onConnection(async (ask) => {
      const query: Query = (sql, parameters) => ask(rowsOf(sql, parameters));
      await query('begin');
      try {
        const result = await work(query);
        await query('commit');
        return result;
      } catch (error) {
        // A connection that broke takes its transaction along.
        await query('rollback').catch((cause: unknown) => {
          this.logger.debug({ err: cause }, 'a transaction ended with its connection');
        });
        throw error;
      }
    });
  }

  listen(channel: string, hear: (payload: string) => void, onGap: () => void): Promise<() => Promise<void>> {
    return this.listener.listen(channel, hear, onGap);
  }

  close(): Promise<void> {
    return (this.closing ??= this.end());
  }

  private async end(): Promise<void> {
    await this.listener.close();
    await this.pool.end();
  }

  private async onConnection<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
    const client = await this.connect();
    let isBroken = false;
    const ask: Ask = (statement) =>
      statement(client).catch((cause: unknown) => {
        const error = databaseError(cause);
        isBroken ||= error.name !== 'SqlError';
        throw error;
      });
    try {
      return await work(ask);
    } finally {
      this.isUp = !isBroken;
      client.release(isBroken);
    }
  }

  private async connect(): Promise<pg.PoolClient> {
    try {
      return await this.pool.connect();
    } catch (cause) {
      this.isUp = false;
      throw databaseDown(cause);
    }
  }
}

type Statement<T> = (client: pg.ClientBase) => Promise<T>;
type Ask = <T>(statement: Statement<T>) => Promise<T>;

/** Without parameters it is sent as one plain text, which may hold several statements: then the rows are those of the last. */
const rowsOf =
  <Row extends object>(sql: string, parameters: readonly unknown[] = []): Statement<Row[]> =>
  async (client) => {
    const results = parameters.length === 0 ? client.query<Row>(sql) : client.query<Row>(sql, [...parameters]);
    // The driver answers several statements with several results, which its types do not say.
    const last = [await results].flat().at(-1);
    return last?.rows ?? [];
  };

function connectionOptions(connectionString: string): pg.ClientConfig {
  return {
    connectionString,
    application_name: 'image-gateway',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    types: { getTypeParser },
  };
}

type TypeId = Parameters<typeof pg.types.getTypeParser>[0];

/** The driver's own readers, but for `bigint`, which it leaves as text. */
const getTypeParser: typeof pg.types.getTypeParser = (type: TypeId, format?: 'text' | 'binary') =>
  type === pg.types.builtins.INT8 ? exactInteger : (pg.types.getTypeParser(type, format) as (text: string) => unknown);
