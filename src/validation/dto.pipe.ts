import type { ArgumentMetadata, PipeTransform } from '@nestjs/common';
import { plainToInstance } from 'class-transformer';
import { type ValidationError, validateSync } from 'class-validator';
import { type Fault, GatewayError } from '../errors/gateway-error.js';
import { Acceptance } from './acceptance.js';

type DtoClass = new () => object;

/** Nest hands these for parameters whose type is no class of ours. */
const NATIVE = new Set<unknown>([String, Number, Boolean, Array, Object]);

/** Which rule of class-validator's stands for which fault; the rest are wrong values. */
const FAULT_BY_RULE: Readonly<Record<string, Fault>> = {
  isNotEmpty: 'missingParameter',
  isString: 'invalidType',
  isInt: 'invalidType',
  isNumber: 'invalidType',
  isBoolean: 'invalidType',
  isObject: 'invalidType',
  isArray: 'invalidType',
  nestedValidation: 'invalidType',
  max: 'aboveMaximum',
  min: 'belowMinimum',
  maxLength: 'tooLong',
};

/** Checks bodies against their DTO class. Fields that no DTO declares stay: the provider may know them. */
export class DtoPipe implements PipeTransform {
  transform(value: unknown, { metatype, type }: ArgumentMetadata): unknown {
    if (type !== 'body' || metatype === undefined || NATIVE.has(metatype)) return value;
    return toDto(metatype as DtoClass, value as object);
  }
}

/**
 * Makes a checked DTO of plain fields.
 *
 * @throws GatewayError naming the first field at fault and listing what is wrong with the others
 */
export function toDto<T extends object>(dtoClass: new () => T, fields: object): T {
  if (acceptanceOf(dtoClass).accepts(fields as Readonly<Record<string, unknown>>)) return instanceOf(dtoClass, fields);
  const dto = plainToInstance(dtoClass, fields, { exposeUnsetFields: false });
  const [first, ...others] = problemsIn(dto);
  if (!first) return dto;
  const message = [first, ...others].map((problem) => problem.message).join('; ');
  throw new GatewayError(first.fault, `${message}.`, { param: first.param });
}

/**
 * What is wrong with values that requests get by default, read from `path`: the fields that are not among them are a
 * request's own matter.
 */
export function problemsOfDefaults(dtoClass: DtoClass, defaults: object, path: string): string[] {
  const dto = plainToInstance(dtoClass, defaults, { exposeUnsetFields: false });
  const given = ({ property }: ValidationError): boolean => Object.hasOwn(defaults, property);
  return problemsIn(dto, path, given).map(({ message }) => message);
}

function problemsIn(dto: object, path = '', concerns: (error: ValidationError) => boolean = () => true): Problem[] {
  const errors = validateSync(dto, { forbidUnknownValues: false });
  return errors.filter(concerns).map((error) => deepest(error, path));
}

const acceptances = new Map<DtoClass, Acceptance>();

function acceptanceOf(dtoClass: DtoClass): Acceptance {
  let acceptance = acceptances.get(dtoClass);
  if (!acceptance) acceptances.set(dtoClass, (acceptance = new Acceptance(dtoClass)));
  return acceptance;
}

/** Without the constructor, which would set every absent property to undefined. */
function instanceOf<T extends object>(dtoClass: new () => T, fields: object): T {
  return Object.assign(Object.create(dtoClass.prototype as object) as T, fields);
}

interface Problem {
  readonly param: string;
  readonly fault: Fault;
  readonly message: string;
}

/** Follows an error down to the value at fault: `controls.colors[0].rgb`. */
function deepest(error: ValidationError, parent = ''): Problem {
  const param = pathTo(error, parent);
  const child = error.children?.[0];
  const [rule, text] = gravest(error.constraints ?? {});
  // What should be a list and is none has no parts to tell about.
  if (child && rule !== 'isArray') return deepest(child, param);
  const isMissing = error.value === undefined;
  return {
    param,
    fault: isMissing ? 'missingParameter' : (FAULT_BY_RULE[rule] ?? 'invalidValue'),
    message: isMissing ? `${param} is required` : text.replace(error.property, param),
  };
}

/** A value of the wrong type breaks the rules about its size as well; only the first says what is wrong. */
function gravest(broken: Readonly<Record<string, string>>): readonly [rule: string, text: string] {
  const rules = Object.entries(broken);
  return rules.find(([rule]) => FAULT_BY_RULE[rule] === 'invalidType') ?? rules[0] ?? ['', 'is not valid'];
}

function pathTo({ property }: ValidationError, parent: string): string {
  if (parent === '') return property;
  return /^\d+$/.test(property) ? `${parent}[${property}]` : `${parent}.${property}`;
}
