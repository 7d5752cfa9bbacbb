import { GatewayError } from '../errors/gateway-error.js';
import { NamePattern } from '../registry/name-pattern.js';
import type { Caller } from './caller.js';

/** The name of a model group that a caller means: keys may have names of their own. */
export function meantModel(caller: Caller | undefined, name: string | undefined): string | undefined {
  return name === undefined ? undefined : (caller?.aliases[name] ?? name);
}

/**
 * Checks whether a caller may use a model group for an operation. The group is the one that will really be called:
 * aliases followed, path and default included.
 *
 * @throws GatewayError `modelNotAllowed` or `operationNotAllowed`
 */
export function checkPermission(caller: Caller | undefined, group: string, operation: string): void {
  if (!caller || caller.isMaster) return;
  if (caller.models.length > 0 && !caller.models.some((name) => new NamePattern(name).matches(group))) {
    throw new GatewayError('modelNotAllowed', `This key may not use the model '${group}'.`, { param: 'model' });
  }
  if (caller.operations.length > 0 && !caller.operations.includes(operation)) {
    throw new GatewayError('operationNotAllowed', `This key may not use the operation '${operation}'.`);
  }
}
