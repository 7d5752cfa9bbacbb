import { GatewayError } from '../errors/gateway-error.js';
import type { CallRecord } from '../telemetry/call-record.js';
import { digestMeant } from './key-digest.js';

/**
 * The key that a caller asks about: the master key's owner about any, everybody else about their own, by its present name or by
 * the one that they call with while it is renewed.
 *
 * @throws GatewayError `routeNotAllowed`, or `missingParameter` where the master key names none
 */
export function keyAskedAbout(
  key: string | undefined,
  { caller, checkedKey }: Pick<CallRecord, 'caller' | 'checkedKey'>,
): string {
  if (!caller || caller.isMaster) {
    if (key === undefined) throw new GatewayError('missingParameter', 'key is required.', { param: 'key' });
    return key;
  }
  const isOwn = key === undefined || [caller.id, checkedKey?.digest].includes(digestMeant(key));
  if (!isOwn) {
    throw new GatewayError('routeNotAllowed', 'Only the master key may ask about other keys.', { param: 'key' });
  }
  return caller.id;
}
