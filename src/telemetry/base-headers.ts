import type { CallRecord } from './call-record.js';

/**
 * Headers that every answer has, as names and values in turn: what Node writes as it stands, where headers set one by
 * one are looked up, checked and merged first.
 */
export function baseHeaders(call: CallRecord): string[] {
  return ['x-request-id', call.id, 'x-litellm-call-id', call.callId, 'x-content-type-options', 'nosniff'];
}
