import { baseHeaders } from '../telemetry/base-headers.js';
import type { CallRecord } from '../telemetry/call-record.js';
import { COST_HEADER, pushBudget, pushDollars } from '../telemetry/cost-header.js';
import type { AnswerHead } from './image-provider.js';

/**
 * Headers of an answer with pictures, as names and values in turn: LiteLLM's about the call (litellm.md §2.6), the time
 * spent waiting for a slot, and the list of fields that were not forwarded. Overhead is the gateway's own work: waiting for
 * the caller's body, for a slot, for Recraft and for repeats is none.
 */
export function answerHeaders(call: CallRecord, head: Pick<AnswerHead, 'chargedMicroDollars'>): string[] {
  if (head.chargedMicroDollars !== undefined) call.chargedMicroDollars = head.chargedMicroDollars;
  const elapsedMs = performance.now() - call.startedAt;
  const overheadMs = Math.max(0, elapsedMs - call.receivingMs - call.queuedMs - call.lostMs - (call.upstreamMs ?? 0));
  const headers = baseHeaders(call);
  headers.push('x-litellm-response-duration-ms', elapsedMs.toFixed(1));
  headers.push('x-litellm-overhead-duration-ms', overheadMs.toFixed(1));
  headers.push('x-queue-time-ms', call.queuedMs === 0 ? '0' : call.queuedMs.toFixed(1));
  if (call.retries > 0) headers.push('x-litellm-attempted-retries', String(call.retries));
  if (call.fallbacks > 0) headers.push('x-litellm-attempted-fallbacks', String(call.fallbacks));
  if (call.deploymentId !== undefined) headers.push('x-litellm-model-id', call.deploymentId);
  pushDollars(headers, COST_HEADER, call.costMicroDollars);
  pushBudget(headers, call, call.costMicroDollars);
  if (call.ignored.length > 0) headers.push('x-ignored-params', call.ignored.join(', '));
  return headers;
}
