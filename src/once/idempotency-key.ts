import type { IncomingHttpHeaders } from 'node:http';
import { GatewayError } from '../errors/gateway-error.js';

/** Printable ASCII. */
const KEY = /^[\x20-\x7e]{1,255}$/;

/** A structured field's string, and parameters that say nothing here (draft-ietf-httpapi-idempotency-key-header-07 §2.1, RFC 8941 §3.3.3). */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"\s*(?:;.*)?$/;

/**
 * The key of a request that must not be done twice, quoted as the draft has it or bare as most clients send it; undefined
 * where there is none (openai-images.md §4.3). One with spaces stays in quotes, so that none is taken for a key of the gateway's own.
 *
 * @throws GatewayError where the header is no key
 */
export function idempotencyKey(headers: IncomingHttpHeaders): string | undefined {
  const header = headers['idempotency-key'];
  if (header === undefined) return undefined;
  const text = String(header).trim();
  const quoted = QUOTED.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, '$1');
  const key = quoted ?? text;
  const hasSpace = key.includes(' ');
  if (KEY.test(key) && (quoted !== undefined || !hasSpace)) return hasSpace ? `"${key}"` : key;
  throw new GatewayError(
    'invalidValue',
    'Idempotency-Key must be 1 to 255 printable characters, in quotes where it has spaces.',
    {
      param: 'Idempotency-Key',
    },
  );
}

/**
 * What a client says of its repeats. OpenAI's SDKs count them, and send the count with every request, 0 with the first
 * (openai-images.md §4.3): who sends it will say so when it asks again.
 */
export function repeatsOf(headers: IncomingHttpHeaders): { readonly isRetry: boolean; readonly marksRepeats: boolean } {
  const count = headers['x-stainless-retry-count'];
  return count === undefined ? SAYS_NOTHING : { isRetry: Number(count) > 0, marksRepeats: true };
}

const SAYS_NOTHING = { isRetry: false, marksRepeats: false };
