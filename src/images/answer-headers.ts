import type { CallRecord } from '../telemetry/call-record.js';
import type { AnswerHead } from './image-provider.js';

const MICRO_DOLLARS_PER_DOLLAR = 1_000_000;

/** LiteLLM's headers about a successful call (litellm.md §2.6), and the list of fields that were not forwarded. */
export function answerHeaders(call: CallRecord, head: AnswerHead): Record<string, string> {
  if (head.chargedMicroDollars !== undefined) call.chargedMicroDollars = head.chargedMicroDollars;
  const elapsedMs = performance.now() - call.startedAt;
  const headers: Record<string, string> = {
    'x-litellm-response-duration-ms': elapsedMs.toFixed(1),
    'x-litellm-overhead-duration-ms': Math.max(0, elapsedMs - (call.upstreamMs ?? 0)).toFixed(1),
  };
  if (call.deploymentId !== undefined) headers['x-litellm-model-id'] = call.deploymentId;
  if (call.costMicroDollars !== undefined) {
    headers['x-litellm-response-cost'] = String(call.costMicroDollars / MICRO_DOLLARS_PER_DOLLAR);
  }
  if (call.ignored.length > 0) headers['x-ignored-params'] = call.ignored.join(', ');
  return headers;
}
