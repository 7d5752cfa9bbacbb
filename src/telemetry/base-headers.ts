import type { CallRecord } from './call-record.js';

/** For whoever opens an answer in a browser: nothing in it runs, loads, is framed or tells where it came from. */
const FOR_BROWSERS = [
  ...['x-content-type-options', 'nosniff'],
  ...['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ...['x-frame-options', 'DENY'],
  ...['referrer-policy', 'no-referrer'],
] as const;

/**
 * Headers that every answer has, and how its caller stands with their limits where that was asked, as names and values in
 * turn: what Node writes as it stands, where headers set one by one are looked up, checked and merged first
 * (docs/decisions/security-headers.md).
 */
export function baseHeaders(call: CallRecord): string[] {
  const headers = ['x-request-id', call.id, 'x-litellm-call-id', call.callId, ...FOR_BROWSERS];
  return call.limitHeaders === undefined ? headers : headers.concat(call.limitHeaders);
}
