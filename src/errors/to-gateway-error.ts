import { HttpException } from '@nestjs/common';
import { type Fault, GatewayError } from './gateway-error.js';

const FAULT_BY_STATUS: Readonly<Record<number, Fault>> = {
  400: 'invalidValue',
  404: 'unknownRoute',
  405: 'wrongMethod',
  408: 'requestTimeout',
  413: 'tooLarge',
  415: 'wrongContentType',
  503: 'tooBusy',
};

/**
 * Makes one of our errors of anything that was thrown. What the frameworks refuse keeps its status; whatever is neither
 * ours nor theirs is a bug, and the caller learns nothing about it.
 */
export function toGatewayError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const refusal = refusalByFramework(thrown);
  const fault = refusal && FAULT_BY_STATUS[refusal.status];
  if (!refusal || !fault)
    return new GatewayError('internal', 'Something went wrong inside the gateway.', { cause: thrown });
  return new GatewayError(fault, refusal.message, { cause: thrown });
}

/** Nest's HttpException, or the `http-errors` shape that Express and its router throw. */
function refusalByFramework(thrown: unknown): { status: number; message: string } | undefined {
  if (thrown instanceof HttpException) return { status: thrown.getStatus(), message: thrown.message };
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const { status, message } = thrown as { status?: unknown; message?: unknown };
  return typeof status === 'number' && status < 500 ? { status, message: String(message) } : undefined;
}
