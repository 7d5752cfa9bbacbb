import { applyDecorators, type Type } from '@nestjs/common';
import { ApiExtraModels, getSchemaPath } from '@nestjs/swagger';
import { LogPageDto } from '../spend/usage/spend-answers.dto.js';
import { ApiAnswer, ApiErrors, type Decorator } from './answers.js';

/** Documents the errors of a route for operators that changes nothing. */
export function ApiOperatorErrors(): Decorator {
  return ApiErrors(
    ...(['invalidValue', 'invalidType', 'aboveMaximum', 'belowMinimum', 'unsupportedParameter'] as const),
    ...(['expiredKey', 'blockedKey', 'routeNotAllowed', 'noDatabase', 'databaseDown'] as const),
  );
}

/** Documents a list of sums. */
export function ApiSpendList(line: Type): Decorator {
  return applyDecorators(ApiAnswer({ type: line, isArray: true, description: 'The sums.' }), ApiOperatorErrors());
}

/** Documents a page of the ledger, which is JSON or CSV. */
export function ApiLogPage(): Decorator {
  return applyDecorators(
    ApiExtraModels(LogPageDto),
    ApiAnswer({
      description: 'A page of requests.',
      content: {
        'application/json': { schema: { $ref: getSchemaPath(LogPageDto) } },
        'text/csv': { schema: { type: 'string', example: 'request_id,start_time,…\r\n' } },
      },
    }),
    ApiOperatorErrors(),
  );
}
