import { type ErrorDetails, type Fault, GatewayError } from '../../errors/gateway-error.js';

/** A refusal as Recraft sent it. */
export interface Refusal {
  readonly status: number;
  readonly contentType: string | undefined;
  /** The header `retry-after`. */
  readonly retryAfter?: string | undefined;
  readonly body: Buffer;
}

/** Longest part of Recraft's own words that is passed on. */
const MAX_MESSAGE = 1000;

/**
 * Which field a refusal of Recraft's is about: it names none, but its texts are recorded (recraft-api.md §9).
 * First match wins.
 */
const PARAM_BY_TEXT: readonly (readonly [RegExp, string])[] = [
  [/prompt length|prompt is/i, 'prompt'],
  [/\bmask\b/i, 'mask'],
  // What Recraft says of a sketch that it does not know is not recorded.
  [/^image not found|source_image_id/i, 'source_image_id'],
  [/image size|'size'/i, 'size'],
  [/parameter 'n'/i, 'n'],
  [/style_id|style not found|isn't compatible with the style/i, 'style_id'],
  [/style references/i, 'style_references'],
  [/style/i, 'style'],
  [/negative prompt/i, 'negative_prompt'],
  [/text[ _]layout/i, 'text_layout'],
  [/controls|artistic/i, 'controls'],
  [/strength/i, 'strength'],
  [/image format|image dimension|image_url|number of images|download image|svg/i, 'image'],
];

/** What can be a code of Recraft's. */
const CODE = /^\w{1,64}$/;

/** Words in a code or text that stand for a refusal by content policy; the exact code is unconfirmed (recraft-api.md §12). */
const MODERATION = /moderation|nsfw|content[ _-]?policy|safety|inappropriate/i;

/** Turns a status of Recraft's that is not 2xx into what the caller is told (DESIGN.md §5; recraft-api.md §9). */
export function translateRefusal(refusal: Refusal): GatewayError {
  const { code, message } = readRefusal(refusal);
  // For the log, so without its words: they may quote the prompt.
  const cause = new Error(`Recraft answered ${refusal.status}: ${CODE.test(code ?? '') ? code : 'no code'}`);
  switch (refusal.status) {
    case 400:
      return translateBadRequest(code, message, cause);
    case 401:
    case 403:
      return new GatewayError(
        'upstreamCredentials',
        "Recraft did not accept the gateway's account. The operator has to look at it.",
        { cause },
      );
    case 402:
      return new GatewayError('quotaExhausted', "The gateway's Recraft account is out of API units.", { cause });
    case 413:
      return new GatewayError('tooLarge', said('Recraft found the request too large', message), { cause });
    case 422:
      return new GatewayError(
        'unprocessable',
        said('Recraft could not process the request', message),
        named(code, message, cause),
      );
    case 429:
      return new GatewayError('upstreamRateLimited', "Recraft's rate limit is reached. Try again shortly.", {
        retryAfterSeconds: retryAfterOf(refusal, 1),
        cause,
      });
    case 503:
      return new GatewayError('upstreamOverloaded', 'Recraft is not available at the moment. Try again shortly.', {
        retryAfterSeconds: retryAfterOf(refusal, 2),
        cause,
      });
    case 408:
    case 504:
      return new GatewayError('upstreamTimeout', 'Recraft gave up on the request. It may have been charged.', {
        cause,
      });
    default:
      // A path or method that Recraft does not have is a mistake of ours or of the configured address: not the caller's.
      if (refusal.status > 405 && refusal.status < 500) {
        return new GatewayError(
          'refusedByUpstream',
          said('Recraft refused the request', message),
          named(code, message, cause),
        );
      }
      return new GatewayError('upstreamFailed', `Recraft failed with status ${refusal.status}.`, { cause });
  }
}

/** What Recraft asks for, in the seconds that clients honour (openai-images.md §0.6); it may be a number or a date. */
function retryAfterOf({ retryAfter = '' }: Refusal, otherwise: number): number {
  const seconds = /^\d+$/.test(retryAfter)
    ? Number(retryAfter)
    : Math.ceil((Date.parse(retryAfter) - Date.now()) / 1000);
  return Number.isNaN(seconds) ? otherwise : Math.min(Math.max(seconds, 1), 59);
}

function translateBadRequest(code: string | undefined, message: string, cause: Error): GatewayError {
  if (code === 'invalid_model') {
    return new GatewayError('unknownModel', said('Recraft does not know the model', message), {
      param: 'model',
      cause,
    });
  }
  if (MODERATION.test(code ?? '') || MODERATION.test(message)) {
    return new GatewayError('moderationBlocked', said('Recraft refused the content', message), { cause });
  }
  if (/insufficient|not enough/i.test(code ?? '')) {
    return new GatewayError('quotaExhausted', "The gateway's Recraft account is out of API units.", { cause });
  }
  const fault: Fault = code === 'invalid_image_format' ? 'invalidImage' : 'refusedByUpstream';
  return new GatewayError(fault, said('Recraft refused the request', message), named(code, message, cause));
}

function named(code: string | undefined, message: string, cause: Error): ErrorDetails {
  const param = PARAM_BY_TEXT.find(([pattern]) => pattern.test(message))?.[1];
  return { ...(param !== undefined && { param }), ...(code !== undefined && { code }), cause };
}

function said(what: string, message: string): string {
  return message === '' ? `${what}.` : `${what}: ${message.slice(0, MAX_MESSAGE)}`;
}

/** Reads `{code, message}`, or plain text as 401 and 404 have it; never trusts the content type alone. */
export function readRefusal({ contentType, body }: Pick<Refusal, 'contentType' | 'body'>): {
  code: string | undefined;
  message: string;
} {
  const text = body.toString('utf8').trim();
  if (text.startsWith('{')) {
    try {
      const { code, message } = JSON.parse(text) as { code?: unknown; message?: unknown };
      return {
        code: typeof code === 'string' && code !== '' ? code : undefined,
        message: typeof message === 'string' ? message : '',
      };
    } catch {
      return { code: undefined, message: '' }; // A broken body says nothing beyond its status.
    }
  }
  return { code: undefined, message: contentType?.startsWith('text/plain') ? text : '' };
}

/** When a connection or a wait failed: it decides whether Recraft may have charged for the request. */
export type Phase = 'connecting' | 'waiting' | 'reading';

/** Turns a failed connection into what the caller is told. Only a request that never went out may be sent again safely. */
export function translateBreak(cause: unknown, phase: Phase): GatewayError {
  if (phase === 'connecting') {
    return new GatewayError('upstreamUnreachable', 'Recraft could not be reached.', { retryAfterSeconds: 1, cause });
  }
  const what = phase === 'waiting' ? 'before it answered' : 'in the middle of its answer';
  return new GatewayError(
    'upstreamFailed',
    `The connection to Recraft broke ${what}. The request may have been charged.`,
    { cause },
  );
}

/** The deadline passed. */
export function translateTimeout(waitedMs: number, phase: Phase): GatewayError {
  if (phase === 'connecting') {
    return new GatewayError('upstreamUnreachable', `No connection to Recraft within ${waitedMs} ms.`, {
      retryAfterSeconds: 1,
    });
  }
  return new GatewayError(
    'upstreamTimeout',
    `Recraft did not finish within ${waitedMs} ms. The request may have been charged.`,
  );
}

/** A 2xx answer without pictures in it. */
export function invalidAnswer(why: string, details: { cause?: unknown } = {}): GatewayError {
  return new GatewayError('upstreamInvalidAnswer', `Recraft's answer could not be used: ${why}.`, details);
}
