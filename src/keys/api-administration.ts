import type { Fault } from '../errors/gateway-error.js';
import { ApiErrors, type Decorator } from '../openapi/answers.js';

/** Documents the errors of a route that administers: those of every such route, and `faults`. */
export function ApiAdministration(...faults: Fault[]): Decorator {
  return ApiErrors(
    ...(['invalidJson', 'invalidValue', 'invalidType', 'missingParameter', 'unsupportedParameter'] as const),
    ...(['aboveMaximum', 'belowMinimum', 'expiredKey', 'blockedKey', 'routeNotAllowed'] as const),
    ...(['tooLarge', 'wrongContentType', 'noDatabase', 'databaseDown'] as const),
    ...faults,
  );
}
