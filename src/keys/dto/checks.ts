import { applyDecorators } from '@nestjs/common';
import { ArrayMaxSize, IsArray, IsNumber, IsString, ValidateBy } from 'class-validator';
import { isWholeMicroDollars } from '../../spend/money.js';
import { isRoute, ROUTE_GROUPS } from '../routes.js';

function mustBe(name: string, what: string, test: (value: unknown) => boolean, each = false): PropertyDecorator {
  const validator = { validate: test, defaultMessage: () => `$property must be ${what}` };
  return ValidateBy({ name, validator }, { each });
}

/** An amount of money. class-validator's own check of decimals throws on 1e-7, which it cannot count those of. */
export const IsDollars = (): PropertyDecorator =>
  applyDecorators(
    IsNumber({}, { message: '$property must be a number' }),
    mustBe(
      'isDollars',
      'an amount in US dollars with at most 6 decimals',
      (value) => typeof value === 'number' && isWholeMicroDollars(value),
    ),
  );

/** Text that a log, a header and the database can hold: no control characters, no halves of characters. */
export const isLabel = (value: unknown, longest: number): value is string =>
  typeof value === 'string' &&
  value.length > 0 &&
  value.length <= longest &&
  value.isWellFormed() &&
  !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(value);

const LABEL = 'characters without control characters';

export const IsLabel = (longest: number): PropertyDecorator =>
  applyDecorators(
    IsString(),
    mustBe('isLabel', `1 to ${longest} ${LABEL}`, (value) => isLabel(value, longest)),
  );

export const IsLabels = (most: number, longest = 200): PropertyDecorator =>
  applyDecorators(
    IsArray(),
    ArrayMaxSize(most),
    mustBe('isLabels', `a list of texts of 1 to ${longest} ${LABEL}`, (value) => isLabel(value, longest), true),
  );

export const IsModelNames = (): PropertyDecorator =>
  applyDecorators(
    IsLabels(1_000),
    mustBe(
      'isModelNames',
      'a list of names with at most one * each',
      (value) => typeof value === 'string' && value.split('*').length <= 2,
      true,
    ),
  );

export const IsRoutes = (): PropertyDecorator =>
  applyDecorators(
    IsLabels(100),
    mustBe(
      'isRoutes',
      `a list of paths with at most one * each, or of ${ROUTE_GROUPS.join(', ')}`,
      (value) => typeof value === 'string' && isRoute(value),
      true,
    ),
  );

/** Names that stand for names. */
export const IsNameMap = (most: number): PropertyDecorator =>
  mustBe(
    'isObject',
    `an object of at most ${most} names, each with the name of a model`,
    (value) =>
      isBlock(value) &&
      Object.keys(value).length <= most &&
      Object.entries(value).every((entry) => entry.every((text) => isLabel(text, 200))),
  );

/** Anything of the caller's own, as far as the database can keep it. */
export const IsMetadata = (mostCharacters: number): PropertyDecorator =>
  mustBe(
    'isMetadata',
    `an object of at most ${mostCharacters} characters as JSON, without NUL`,
    (value) => isBlock(value) && isKeepable(JSON.stringify(value), mostCharacters),
  );

/** JSON writes NUL, and halves of characters, as escapes that the database refuses. */
function isKeepable(json: string, mostCharacters: number): boolean {
  return json.length <= mostCharacters && !/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/.test(json);
}

/** A key that somebody thought up has to be long enough not to be guessed, and fit into a header. */
export const IsChosenKey = (): PropertyDecorator =>
  applyDecorators(
    IsString(),
    mustBe(
      'isChosenKey',
      'the letters sk, a hyphen, and 20 to 250 more printable characters without spaces',
      (value) => typeof value === 'string' && /^sk-[\x21-\x7e]{20,250}$/.test(value),
    ),
  );

const isBlock = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
