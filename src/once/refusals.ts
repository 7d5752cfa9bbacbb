import { GatewayError } from '../errors/gateway-error.js';

const param = 'Idempotency-Key';

export function idempotencyMismatch(): GatewayError {
  return new GatewayError('idempotencyMismatch', 'This Idempotency-Key was used for another request.', { param });
}

export function idempotencyRunning(): GatewayError {
  const message = 'A request with this Idempotency-Key is still running.';
  return new GatewayError('idempotencyRunning', message, { param, retryAfterSeconds: 1 });
}

export function lostAnswer(): GatewayError {
  return new GatewayError(
    'answerLost',
    'This request was answered and charged before; its answer was too large to be kept. It was not sent again.',
  );
}
