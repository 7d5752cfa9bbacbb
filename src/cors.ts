import type { Request, Response } from 'express';

/** What a page of another origin may read of an answer, beside the headers that it always may. */
const EXPOSED = [
  'retry-after',
  'x-ignored-params',
  'x-litellm-call-id',
  'x-litellm-model-id',
  'x-litellm-overhead-duration-ms',
  'x-litellm-response-cost',
  'x-litellm-response-duration-ms',
  'x-request-id',
  'x-should-retry',
].join(', ');

const PREFLIGHT_SECONDS = '86400';

/**
 * Lets pages of other origins call the gateway: OpenAI's SDKs send headers of their own, for which browsers ask first
 * (openai-images.md §3.1). Keys travel in a header and never in a cookie, so no origin gains what it does not have.
 * Gives a function that answers whether the request was such a question, and is done with.
 *
 * @param origins `*`, or the origins that may, by comma
 */
export function browserAccess(origins: string): (request: Request, response: Response) => boolean {
  const allowed = new Set(origins.split(',').map((origin) => origin.trim()));
  return (request, response) => {
    const { origin } = request.headers;
    if (origin === undefined || !(allowed.has('*') || allowed.has(origin))) return false;
    response.setHeader('access-control-allow-origin', allowed.has('*') ? '*' : origin);
    response.setHeader('access-control-expose-headers', EXPOSED);
    response.setHeader('vary', 'origin');
    const asked = request.headers['access-control-request-method'];
    if (request.method !== 'OPTIONS' || asked === undefined) return false;
    response.setHeader('access-control-allow-methods', 'GET, POST');
    response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '');
    response.setHeader('access-control-max-age', PREFLIGHT_SECONDS);
    response.writeHead(204).end();
    return true;
  };
}
