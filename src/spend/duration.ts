import { GatewayError } from '../errors/gateway-error.js';

/** How long something lasts: a number of seconds, or of calendar months, which differ in length. */
export type Duration = { readonly seconds: number } | { readonly months: number };

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;

const LONGEST_YEARS = 100;
const LONGEST_MONTHS = LONGEST_YEARS * 12;
const LONGEST_SECONDS = LONGEST_YEARS * 365 * SECONDS.d;

/**
 * LiteLLM's durations: `30s`, `30m`, `30h`, `30d`, `1w`, `1mo` (litellm.md §2.12), of up to a hundred years, so that what
 * they lead to is a date that every reader understands; undefined for any other text.
 */
export function findDuration(text: string): Duration | undefined {
  const [, digits, unit] = /^([1-9]\d{0,5})(s|m|h|d|w|mo)$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const count = Number(digits);
  if (unit === 'mo') return count <= LONGEST_MONTHS ? { months: count } : undefined;
  const seconds = count * SECONDS[unit as keyof typeof SECONDS];
  return seconds <= LONGEST_SECONDS ? { seconds } : undefined;
}

/** What a text must be that findDuration takes. */
export const A_DURATION = 'a duration such as 30s, 30m, 30h, 30d, 1w or 1mo, and not longer than a hundred years';

/** @throws GatewayError `invalidValue` naming `param` for a text that is no duration */
export function readDuration(text: string, param: string): Duration {
  const duration = findDuration(text);
  if (duration) return duration;
  throw new GatewayError('invalidValue', `${param} must be ${A_DURATION}.`, { param });
}
