import { GatewayError } from '../errors/gateway-error.js';
import { NamePattern } from '../registry/name-pattern.js';
import type { Caller } from './caller.js';

/** The name of a model group that a caller means: keys may have names of their own. */
export function meantModel(caller: Caller | undefined, name: string | undefined): string | undefined {
  if (name === undefined || !caller || !Object.hasOwn(caller.aliases, name)) return name;
  return caller.aliases[name];
}

/** Whether a caller may use a model group: the key, and the team that it belongs to. */
export function mayUse(caller: Caller | undefined, group: string): boolean {
  if (!caller || caller.isMaster) return true;
  return allows(caller.models, group) && allows(caller.team?.models ?? [], group);
}

/**
 * Checks whether a caller may use a model group. The group is the one that will really be called: aliases followed, path
 * and default included; `reason` says why it is asked for where the caller did not name it.
 *
 * @throws GatewayError `modelNotAllowed`
 */
export function checkModel(caller: Caller | undefined, group: string, reason = ''): void {
  if (mayUse(caller, group)) return;
  throw new GatewayError('modelNotAllowed', `This key may not use the model '${group}'${reason}.`, { param: 'model' });
}

/**
 * Checks whether a caller may do a kind of work; `reason` says why it is asked for where the caller did not name it.
 *
 * @throws GatewayError `operationNotAllowed`
 */
export function checkOperation(caller: Caller | undefined, operation: string, reason = ''): void {
  if (!caller || caller.isMaster || caller.operations.length === 0 || caller.operations.includes(operation)) return;
  throw new GatewayError('operationNotAllowed', `This key may not use the operation '${operation}'${reason}.`);
}

/** Without names everything is allowed. */
function allows(names: readonly string[], group: string): boolean {
  return names.length === 0 || names.some((name) => new NamePattern(name).matches(group));
}
