import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../errors/gateway-error.js';

/** Headers that carry a bare key: LiteLLM's own, Anthropic's and Azure's habit (litellm.md §2.2). */
const BARE_KEY_HEADERS = ['x-litellm-api-key', 'x-api-key', 'api-key'] as const;

/**
 * The key a request presents.
 *
 * @throws GatewayError where there is none, or `Authorization` is not `Bearer <key>`
 */
export function presentedKey(headers: IncomingHttpHeaders): string {
  for (const name of BARE_KEY_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string' && value.trim() !== '') return withoutScheme(value.trim());
  }
  const authorization = headers.authorization?.trim();
  if (!authorization) {
    throw new GatewayError('missingKey', 'No API key was given. Send it as `Authorization: Bearer <key>`.');
  }
  const bearer = /^bearer +(\S+)$/i.exec(authorization)?.[1];
  if (bearer === undefined) {
    throw new GatewayError('malformedKey', 'The Authorization header must be `Bearer <key>`.');
  }
  return bearer;
}

/** LiteLLM takes its own header with or without the scheme. */
function withoutScheme(value: string): string {
  return value.replace(/^bearer +/i, '');
}
