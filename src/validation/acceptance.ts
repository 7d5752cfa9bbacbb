import { getMetadataStorage, type ValidationArguments, ValidationTypes, type MetadataStorage } from 'class-validator';

type Fields = Readonly<Record<string, unknown>>;
type Rule = ReturnType<MetadataStorage['getTargetValidationMetadatas']>[number];
type Check = (value: unknown) => boolean;

/**
 * Tells quickly that fields satisfy a DTO class, by asking class-validator's own constraints for the fields that are
 * there. The library itself goes through every rule of the class for every object, which was the dearest step of a
 * request. It stays the judge: whatever is not accepted here (nested fields, and everything wrong) goes to it.
 */
export class Acceptance {
  private readonly checks = new Map<string, readonly Check[] | 'ask'>();
  private readonly required: readonly string[];

  constructor(dtoClass: new () => object) {
    const rules = getMetadataStorage().getTargetValidationMetadatas(dtoClass, '', false, false);
    const byProperty = Map.groupBy(rules, ({ propertyName }) => propertyName);
    for (const [property, own] of byProperty) this.checks.set(property, checksOf(own));
    this.required = [...byProperty].filter(([, own]) => !isOptional(own)).map(([property]) => property);
  }

  /** Whether the fields are surely right; false means that the library has to look. */
  accepts(fields: Fields): boolean {
    for (const property of this.required) if (fields[property] === undefined) return false;
    for (const name in fields) {
      const checks = this.checks.get(name);
      if (checks === undefined) continue;
      if (checks === 'ask') return false;
      const value = fields[name];
      for (const check of checks) if (!check(value)) return false;
    }
    return true;
  }
}

/** A property may be absent where one of its conditions (`@IsOptional()`) says so. */
function isOptional(rules: readonly Rule[]): boolean {
  return rules
    .filter(({ type }) => type === ValidationTypes.CONDITIONAL_VALIDATION)
    .some(({ constraints: [condition] }) => !(condition as (object: object, value: unknown) => boolean)({}, undefined));
}

function checksOf(rules: readonly Rule[]): readonly Check[] | 'ask' {
  const unconditional = rules.filter(({ type }) => type !== ValidationTypes.CONDITIONAL_VALIDATION);
  const isPlain = unconditional.every(
    ({ type, each, validateIf }) => type === ValidationTypes.CUSTOM_VALIDATION && !each && validateIf === undefined,
  );
  return isPlain ? unconditional.flatMap(checksOfRule) : 'ask';
}

function checksOfRule({ constraintCls, constraints, propertyName: property }: Rule): Check[] {
  const call = { constraints: constraints as unknown[], property, targetName: '', object: {}, value: undefined };
  return getMetadataStorage()
    .getTargetValidatorConstraints(constraintCls)
    .map(
      ({ instance }) =>
        (value) =>
          instance.validate(value, call satisfies ValidationArguments) === true,
    );
}
