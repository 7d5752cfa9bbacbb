import { applyDecorators } from '@nestjs/common';
import type { Fault } from '../errors/gateway-error.js';
import { ApiAnswer, ApiErrors, type Decorator } from './answers.js';

/** Documents a route of Recraft's that answers with a document; `own` are faults that others do not have. */
export function ApiDocument(type: new () => object, ...own: Fault[]): Decorator {
  return applyDecorators(
    ApiAnswer({ description: "Recraft's answer.", type }),
    ApiErrors(
      'invalidJson', 'invalidValue', 'invalidType', 'missingParameter', 'refusedByUpstream', 'operationNotAllowed', 'tooLarge',
      'upstreamRateLimited', 'quotaExhausted', 'upstreamCredentials', 'upstreamUnreachable', 'upstreamFailed',
      'upstreamInvalidAnswer', 'upstreamOverloaded', 'upstreamTimeout',
      ...own,
    ), // prettier-ignore
  );
}
