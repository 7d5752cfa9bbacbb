import { applyDecorators } from '@nestjs/common';
import { ApiAnswer, ApiErrors, type Decorator } from './answers.js';

/** Documents a route of Recraft's that answers with a document. */
export function ApiDocument(type: new () => object): Decorator {
  return applyDecorators(
    ApiAnswer({ description: "Recraft's answer.", type }),
    ApiErrors(
      'invalidJson', 'invalidValue', 'invalidType', 'missingParameter', 'refusedByUpstream', 'tooLarge',
      'upstreamRateLimited', 'quotaExhausted', 'upstreamCredentials', 'upstreamUnreachable', 'upstreamFailed',
      'upstreamInvalidAnswer', 'upstreamOverloaded', 'upstreamTimeout',
    ), // prettier-ignore
  );
}
