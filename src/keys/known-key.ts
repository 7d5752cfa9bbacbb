import { GatewayError } from '../errors/gateway-error.js';
import type { Caller } from './caller.js';

/** A key that is known here, whether it may be used or not. */
export interface KnownKey {
  readonly caller: Caller;
  /** Milliseconds since 1970; undefined: never. */
  readonly expiresAt?: number | undefined;
  readonly blocked?: 'key' | 'team' | undefined;
}

/**
 * The owner of a key that may be used now.
 *
 * @throws GatewayError `blockedKey` or `expiredKey`
 */
export function ownerOf({ caller, expiresAt, blocked }: KnownKey): Caller {
  if (blocked !== undefined) {
    const what = blocked === 'key' ? 'The API key' : 'The team of the API key';
    throw new GatewayError('blockedKey', `${what} is blocked.`);
  }
  if (expiresAt !== undefined && expiresAt <= Date.now()) {
    throw new GatewayError('expiredKey', `The API key expired at ${new Date(expiresAt).toISOString()}.`);
  }
  return caller;
}
