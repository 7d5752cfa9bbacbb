import { GatewayError } from '../errors/gateway-error.js';
import { toGatewayError } from '../errors/to-gateway-error.js';
import type { CallRecord } from '../telemetry/call-record.js';

/** Statuses that clients repeat by themselves, below the 5xx (openai-images.md §0.5). */
const REPEATED_BY_CLIENTS: ReadonlySet<number> = new Set([408, 409, 429]);

/**
 * What a caller is told of a failure: the failure itself, unless something of the call was paid and clients would repeat it.
 * Some of them repeat 408, 409, 429 and 5xx whatever a header says, so such a failure gets another status (docs/decisions/retries.md).
 */
export function toldAfterCharge(
  thrown: unknown,
  { chargedMicroDollars = 0, mayBeCharged, signal }: CallRecord,
): unknown {
  if (signal.aborted) return thrown;
  const error = toGatewayError(thrown);
  const isPaid = chargedMicroDollars > 0;
  // What may itself be charged says so already, by its own status.
  if (!isPaid && (!mayBeCharged || error.mayBeCharged)) return thrown;
  if (error.status < 500 && !REPEATED_BY_CLIENTS.has(error.status)) return thrown;
  const note = isPaid ? 'What was done before is charged' : 'What was tried before may have been charged';
  return new GatewayError('failedAfterCharge', `${error.message} ${note}: sent again, it is paid again.`, {
    cause: error,
  });
}
