import { applyDecorators } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import type { Fault } from '../errors/gateway-error.js';
import { ApiErrors, type Decorator } from '../openapi/answers.js';
import { CHANGED_BY, LONGEST_ACTOR } from './actor.js';

/** Documents the errors of a route that administers: those of every such route, and `faults`. */
export function ApiAdministration(...faults: Fault[]): Decorator {
  return ApiErrors(
    ...(['invalidJson', 'invalidValue', 'invalidType', 'missingParameter', 'unsupportedParameter'] as const),
    ...(['aboveMaximum', 'belowMinimum', 'expiredKey', 'blockedKey', 'routeNotAllowed'] as const),
    ...(['tooLarge', 'wrongContentType', 'noDatabase', 'databaseDown'] as const),
    ...faults,
  );
}

/** Documents a route that changes something: the errors of every administrative route, `faults`, and who can be named. */
export function ApiChange(...faults: Fault[]): Decorator {
  return applyDecorators(
    ApiHeader({
      name: CHANGED_BY,
      description: 'Who makes the change, for `/audit` and `updated_by`. Left out: the owner of the key.',
      required: false,
      schema: { type: 'string', minLength: 1, maxLength: LONGEST_ACTOR },
      example: 'ada',
    }),
    ApiAdministration(...faults),
  );
}
