import { GatewayError } from '../errors/gateway-error.js';
import { SqlError } from './database.js';

/** Soon enough for a fail-over, and not all at once. */
const RETRY_AFTER_SECONDS = 5;

export function databaseDown(cause: unknown): GatewayError {
  return new GatewayError('databaseDown', 'The database of the gateway cannot be reached. Nothing was charged.', {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause,
  });
}

/** What a driver or the embedded database says of a failed statement. */
interface Refusal {
  readonly message: string;
  readonly code?: string | undefined;
  readonly constraint?: string | undefined;
}

/**
 * SQLSTATE classes that say nothing about the statement: connection (08), resources (53), operator intervention (57),
 * system (58), and a server that only reads (25006, the old primary after a fail-over).
 */
const OUT_OF_ORDER = /^(?:08|53|57|58|25006)/;

/** The error that a failed statement becomes: whether the database refused it, or could not be reached. */
export function databaseError(cause: unknown): Error {
  const { message, code, constraint } = cause as Refusal;
  const isSqlState = code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E');
  return isSqlState && !OUT_OF_ORDER.test(code)
    ? new SqlError(message, code, constraint, { cause })
    : databaseDown(cause);
}

/** What is asked of a gateway that was told to do without. */
export function noDatabase(): GatewayError {
  return new GatewayError(
    'noDatabase',
    'This gateway has no database (DATABASE_URL=none): it keeps no keys and no ledger.',
  );
}
