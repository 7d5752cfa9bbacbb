import { GatewayError } from '../../errors/gateway-error.js';

/** A stretch of time: from its first instant up to the one it no longer holds; undefined: without that end. */
export interface Period {
  readonly from: Date | undefined;
  readonly until: Date | undefined;
}

const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

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
  return { from, until };
}

function readInstant(text: string, param: string): Date {
  const isWritten = DATE.test(text) || /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/.test(text);
  const instant = new Date(text);
  if (isWritten && !Number.isNaN(instant.getTime())) return instant;
  throw new GatewayError('invalidValue', `${param} must be a date such as 2026-01-31 or 2026-01-31T12:00:00Z.`, {
    param,
  });
}
