import { getMetadataStorage } from 'class-validator';
import { GatewayError } from '../errors/gateway-error.js';

const declared = new Map<new () => object, ReadonlySet<string>>();

/** The names of the fields that a DTO class declares. */
export function declaredFields(dtoClass: new () => object): ReadonlySet<string> {
  let known = declared.get(dtoClass);
  if (known === undefined) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(dtoClass, '', false, false);
    declared.set(dtoClass, (known = new Set(rules.map(({ propertyName }) => propertyName))));
  }
  return known;
}

/**
 * Refuses fields that a DTO class does not declare, where it would be dangerous to ignore them: somebody would believe in
 * a limit that nobody keeps.
 *
 * @throws GatewayError `unsupportedParameter`
 */
export function refuseOtherFields(dtoClass: new () => object, names: Iterable<string>): void {
  const known = declaredFields(dtoClass);
  for (const name of names) {
    if (known.has(name)) continue;
    const shown = name.slice(0, 100);
    throw new GatewayError('unsupportedParameter', `There is no field ${shown} here.`, { param: shown });
  }
}
