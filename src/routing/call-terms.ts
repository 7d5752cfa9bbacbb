import { LONGEST_REQUEST_MS } from '../config/longest-request.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { AskedTerms } from '../telemetry/call-record.js';

const MOST_RETRIES = 10;

/** What a caller asked for, checked; undefined: the operator's choice. */
export interface CallTerms {
  /** From when the request was understood to the end of its answer. */
  readonly timeoutMs: number | undefined;
  /** It asked for more. */
  readonly isCut: boolean;
  /** How often the request is sent again at most. */
  readonly retries: number | undefined;
}

const NOTHING_ASKED: CallTerms = { timeoutMs: undefined, isCut: false, retries: undefined };

/** The longest time that a request may take, in milliseconds: an event stream has a time of its own. */
export function longestTimeOf({ isStreamed = false }: AskedTerms, longestStreamMs: number): number {
  return isStreamed ? longestStreamMs : LONGEST_REQUEST_MS;
}

/**
 * Reads `timeout` (seconds, cut to the longest time that a request may take) and `num_retries`, from the body or from LiteLLM's headers.
 *
 * @throws GatewayError `invalidValue`
 */
export function readTerms({ timeout, retries }: AskedTerms, longestMs: number): CallTerms {
  if (timeout === undefined && retries === undefined) return NOTHING_ASKED;
  const askedMs = timeout === undefined ? undefined : seconds(timeout) * 1000;
  return {
    timeoutMs: askedMs === undefined ? undefined : Math.min(askedMs, longestMs),
    isCut: askedMs !== undefined && askedMs > longestMs,
    retries: retries === undefined ? undefined : count(retries),
  };
}

function seconds(value: unknown): number {
  const number = toNumber(value);
  if (Number.isFinite(number) && number > 0) return number;
  throw new GatewayError('invalidValue', 'timeout must be a number of seconds above 0.', { param: 'timeout' });
}

function count(value: unknown): number {
  const number = toNumber(value);
  if (Number.isInteger(number) && number >= 0 && number <= MOST_RETRIES) return number;
  const message = `num_retries must be a whole number from 0 to ${MOST_RETRIES}.`;
  throw new GatewayError('invalidValue', message, { param: 'num_retries' });
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}
