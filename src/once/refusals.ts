import { GatewayError } from '../errors/gateway-error.js';
import type { StoredFailure } from './answer-store.js';

const param = 'Idempotency-Key';

export function idempotencyMismatch(): GatewayError {
  return new GatewayError('idempotencyMismatch', 'This Idempotency-Key was used for another request.', { param });
}

export function idempotencyRunning(): GatewayError {
  const message = 'A request with this Idempotency-Key is still running.';
  return new GatewayError('idempotencyRunning', message, { param, retryAfterSeconds: 1 });
}

/** Its own time is over before that of the call that it waits for. */
export function stillRunning(): GatewayError {
  return new GatewayError(
    'upstreamTimeout',
    'This request was sent before and has not ended in time. It may be charged, and was not sent again.',
  );
}

/** Nobody knows what became of it: its process is gone. */
export function lostCall(): GatewayError {
  return new GatewayError(
    'upstreamFailed',
    'This request was sent before and lost on the way. It may have been charged, and is not sent again.',
  );
}

export function lostAnswer(): GatewayError {
  return new GatewayError(
    'answerLost',
    'This request was answered and charged before; its answer could not be kept. It was not sent again.',
  );
}

/** A failure as it is told to those who ask again. */
export function failureOf(error: unknown): StoredFailure {
  const { fault, message, code, param } = error instanceof GatewayError ? error : lostCall();
  return { fault, message, code, param };
}
