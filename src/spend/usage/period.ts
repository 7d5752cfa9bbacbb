import { GatewayError } from '../../errors/gateway-error.js';

/** A stretch of time: from its first instant up to the one it no longer holds; undefined: without that end. */
export interface Period {
  readonly from: Date | undefined;
  readonly until: Date | undefined;
}

const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const INSTANT = /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/;

/** Years have four digits, for the database too. */
const BEGINNING = Date.parse('0001-01-01T00:00:00Z');
const END = Date.parse('9999-12-31T00:00:00Z') + DAY_MS;

/**
 * Reads `start_date` and `end_date` in ISO 8601. A plain date means the whole day in UTC, so that an end date is the last
 * day of the period, as in LiteLLM.
 *
 * @throws GatewayError `invalidValue` naming the one that is no date, or an end before its start
 */
export function readPeriod(start: string | undefined, end: string | undefined): Period {
  const from = start === undefined ? undefined : readInstant(start, 'start_date');
  const last = end === undefined ? undefined : readInstant(end, 'end_date');
  const until = last && DATE.test(end ?? '') ? new Date(last.getTime() + DAY_MS) : last;
  if (from && until && from >= until) {
    throw new GatewayError('invalidValue', 'end_date must not be before start_date.', { param: 'end_date' });
  }
  return { from, until: until && until.getTime() < END ? until : undefined };
}

function readInstant(text: string, param: string): Date {
  const instant = new Date(text);
  const time = instant.getTime();
  const isWritten = DATE.test(text) || INSTANT.test(text);
  if (isWritten && isDay(text.slice(0, 10)) && time >= BEGINNING && time < END) return instant;
  throw new GatewayError('invalidValue', `${param} must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z.`, {
    param,
  });
}

/** JavaScript takes 30 February for 2 March. */
function isDay(text: string): boolean {
  const day = new Date(text);
  return !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text);
}
