import { GatewayError } from '../errors/gateway-error.js';
import type { Caller } from './caller.js';
import { digestMeant } from './key-digest.js';

/**
 * The key that a caller asks about: the master key's owner about any, everybody else about their own.
 *
 * @throws GatewayError `routeNotAllowed`, or `missingParameter` where the master key names none
 */
export function keyAskedAbout(key: string | undefined, caller: Caller | undefined): string {
  if (!caller || caller.isMaster) {
    if (key === undefined) throw new GatewayError('missingParameter', 'key is required.', { param: 'key' });
    return key;
  }
  if (key !== undefined && digestMeant(key) !== caller.id) {
    throw new GatewayError('routeNotAllowed', 'Only the master key may ask about other keys.', { param: 'key' });
  }
  return caller.id;
}
