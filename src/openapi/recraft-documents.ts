import { applyDecorators } from '@nestjs/common';
import { ApiConsumes } from '@nestjs/swagger';
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

/** Documents that pictures may come along, as files or links. */
export function ApiStyleSources(): Decorator {
  return applyDecorators(ApiConsumes('multipart/form-data', 'application/json'));
}
