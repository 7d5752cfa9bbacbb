import { GatewayError } from '../errors/gateway-error.js';

/** How long something lasts: a number of seconds, or of calendar months, which differ in length. */
export type Duration = { readonly seconds: number } | { readonly months: number };

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400, w: 604_800 } as const;

/** LiteLLM's durations: `30s`, `30m`, `30h`, `30d`, `1w`, `1mo` (litellm.md §2.12); undefined for any other text. */
export function findDuration(text: string): Duration | undefined {
  const [, digits, unit] = /^([1-9]\d{0,5})(s|m|h|d|w|mo)$/.exec(text) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const count = Number(digits);
  return unit === 'mo' ? { months: count } : { seconds: count * SECONDS[unit as keyof typeof SECONDS] };
}

/** @throws GatewayError `invalidValue` naming `param` for a text that is no duration */
export function readDuration(text: string, param: string): Duration {
  const duration = findDuration(text);
  if (duration) return duration;
  const message = `${param} must be a duration such as 30s, 30m, 30h, 30d, 1w or 1mo.`;
  throw new GatewayError('invalidValue', message, { param });
}
