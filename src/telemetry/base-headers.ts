import type { CallRecord } from './call-record.js';

/**
 * Headers that every answer has, and how its caller stands with their limits where that was asked, as names and values in turn: what Node writes as it stands, where headers set one by
 * one are looked up, checked and merged first.
 */
export function baseHeaders(call: CallRecord): string[] {
  const headers = ['x-request-id', call.id, 'x-litellm-call-id', call.callId, 'x-content-type-options', 'nosniff'];
  return call.limitHeaders === undefined ? headers : headers.concat(call.limitHeaders);
}
