import type { CallRecord } from './call-record.js';

/** For whoever opens an answer in a browser: nothing in it runs, loads, is framed or tells where it came from. */
const FOR_BROWSERS = [
  ...['x-content-type-options', 'nosniff'],
  ...['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ...['x-frame-options', 'DENY'],
  ...['referrer-policy', 'no-referrer'],
] as const;

/** The names of headers that `baseHeaders` gives, in lower case. */
const NAMES = new Set(['x-request-id', 'x-litellm-call-id', ...FOR_BROWSERS.filter((_text, index) => index % 2 === 0)]);

/** Whether `baseHeaders` gives a header of that name: an answer that is given again has its own one. */
export function isBaseHeader(name: string): boolean {
  return NAMES.has(name) || name.startsWith('x-ratelimit-');
}

/**
 * Headers that every answer has, and how its caller stands with their limits where that was asked, as names and values in
 * turn: what Node writes as it stands, where headers set one by one are looked up, checked and merged first
 * (docs/decisions/security-headers.md).
 */
export function baseHeaders(call: CallRecord): string[] {
  const headers = ['x-request-id', call.id, 'x-litellm-call-id', call.callId, ...FOR_BROWSERS];
  return call.limitHeaders === undefined ? headers : headers.concat(call.limitHeaders);
}
