/** One statement; its rows. Values go in as parameters (`$1`), never into the text. */
export type Query = <Row extends object>(sql: string, parameters?: readonly unknown[]) => Promise<Row[]>;

/**
 * The one way to the database, whichever it is. `bigint` columns come as numbers (an Error where one is beyond 2^53),
 * `timestamptz` as Date, `jsonb` parsed; JSON goes in as text with a cast.
 *
 * Every method rejects with GatewayError `databaseDown` where the database cannot be reached or has been lost, and with
 * SqlError where it refused a statement.
 */
export interface Database {
  /** One statement, committed when it resolves. Without parameters it may be several, committed together. */
  readonly query: Query;
  /** One statement that answers one text, or null or nothing: undefined. It costs less than a query. */
  value(sql: string, parameters: readonly string[]): Promise<string | undefined>;
  /**
   * Statements that are committed together, or not at all where `work` rejects. Inside, only the `query` that is handed
   * in may be used: the embedded database has one connection, and a statement beside it would wait for the end.
   */
  transaction<T>(work: (query: Query) => Promise<T>): Promise<T>;
  /**
   * Calls back on every notification of a channel; the promise's function ends the listening. After a lost connection it
   * listens again and then calls `onGap`, for what may have been missed.
   */
  listen(channel: string, hear: (payload: string) => void, onGap: () => void): Promise<() => Promise<void>>;
  /** Whether the last thing heard of the database was good; asks nothing. */
  readonly isUp: boolean;
  /** Ends every connection; statements under way are finished. */
  close(): Promise<void>;
}

/** A statement that is not done by then is given up, by PostgreSQL too. */
export const LONGEST_STATEMENT_MS = 10_000;

/** Injection token; the value is undefined where `DATABASE_URL=none`. */
export const Database = Symbol('Database');

/** A statement that the database refused; `code` is PostgreSQL's SQLSTATE (23505: not unique). */
export class SqlError extends Error {
  override readonly name = 'SqlError';

  constructor(
    message: string,
    readonly code: string,
    readonly constraint: string | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }

  /** Another transaction was in its way (class 40: deadlock, serialization): the same again may succeed. */
  get isConflict(): boolean {
    return this.code.startsWith('40');
  }
}

/** Reads a `bigint`. @throws Error beyond what a number holds exactly */
export function exactInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new Error(`${text} is beyond 2^53.`);
  return value;
}
