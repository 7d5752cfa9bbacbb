import { type ErrorBody, type Fault, GatewayError } from '../errors/gateway-error.js';

interface Guide {
  /** What has happened, and what the caller can do about it. */
  readonly means: string;
  /** A message as a caller could read it. */
  readonly message: string;
  /** The field such a message is about. */
  readonly param?: string;
}

/** What each fault means to a caller: for the OpenAPI document and for the error table of the README. */
export const FAULT_GUIDE: Readonly<Record<Fault, Guide>> = {
  invalidJson: {
    means: 'The body is no JSON object. The message says where it breaks.',
    message: "The body is not valid JSON: there is a comma before '}', which JSON does not allow, at line 4, column 1.",
  },
  noHttp: { means: 'What was sent is no HTTP request.', message: 'This is not an HTTP request.' },
  invalidForm: {
    means: 'The multipart form cannot be read.',
    message: 'The form ends before its closing boundary.',
  },
  invalidValue: {
    means: 'A field has a value that is never valid.',
    message: 'size must be like 1024x1024, 16:9 or auto.',
    param: 'size',
  },
  invalidType: {
    means: 'A field has a value of the wrong type.',
    message: "n must be a whole number, not 'many'.",
    param: 'n',
  },
  aboveMaximum: {
    means: "A number is too large, also one with decimals: OpenAI's clients know no other word for it.",
    message: 'n must not be greater than 6.',
    param: 'n',
  },
  belowMinimum: {
    means: "A number is too small, also one with decimals: OpenAI's clients know no other word for it.",
    message: 'n must not be less than 1.',
    param: 'n',
  },
  tooLong: {
    means: 'A text is longer than the model takes.',
    message: 'The prompt is too long: Recraft V3 takes at most 1000 characters.',
    param: 'prompt',
  },
  missingParameter: { means: 'A field is missing.', message: 'prompt is required.', param: 'prompt' },
  unsupportedParameter: {
    means: 'A field has no place in this request, or Recraft has no counterpart of it and `DROP_PARAMS` is `false`.',
    message: 'A mask is not taken here.',
    param: 'mask',
  },
  unsupportedValue: {
    means: 'The model cannot do this. The message lists what it can.',
    message:
      "Recraft V4.1 does not have the style 'Watercolor'. It takes no style names. Models that have it: recraftv2.",
    param: 'style',
  },
  invalidImage: {
    means: 'The picture cannot be read, or is cut short, or its sides are out of bounds; or the mask does not fit.',
    message: "The picture's shorter side must be at least 256 pixels; this one is 64x64.",
    param: 'image',
  },
  unknownPictureKind: {
    means: 'The file is no PNG, JPEG, WebP or SVG, or the operation takes no SVG.',
    message: 'The picture must be PNG, JPEG, WebP or SVG. This one is gif.',
    param: 'image',
  },
  moderationBlocked: {
    means: 'Recraft refused the content.',
    message: 'Recraft refused the content: the prompt does not meet the content policy.',
  },
  refusedByUpstream: {
    means: "Recraft refused the request for a reason of its own. `code` is Recraft's where it gave one.",
    message: 'Recraft refused the request: style not found.',
    param: 'style_id',
  },
  unpricedModel: {
    means: 'Nobody knows what the model costs, and the key has a budget. The operator can set a price.',
    message: "The price of 'recraft-v9' is not known, so it cannot be used with a key that has a budget.",
    param: 'model',
  },
  unpricedOperation: {
    means: 'Recraft publishes no price for this kind of work, and the key has a budget. The operator can set a price.',
    message: "Recraft publishes no price for 'explore', so a key with a budget cannot use it.",
  },
  alreadyExists: {
    means: 'There is one already with this name.',
    message: "There is a key with the alias 'team-a' already.",
    param: 'key_alias',
  },
  missingKey: {
    means: 'There is no API key.',
    message: 'No API key was given. Send it as `Authorization: Bearer <key>`.',
  },
  malformedKey: {
    means: 'The `Authorization` header is not `Bearer <key>`.',
    message: 'The Authorization header must be `Bearer <key>`.',
  },
  wrongKey: { means: 'The API key is not known.', message: 'The API key is not known here.' },
  expiredKey: {
    means: 'The API key has expired.',
    message: 'The API key expired at 2026-11-01T00:00:00.000Z.',
  },
  blockedKey: { means: 'The API key, or its team, is blocked.', message: 'The API key is blocked.' },
  modelNotAllowed: {
    means: 'The API key may not use this model.',
    message: "This key may not use the model 'recraft/recraftv3'.",
    param: 'model',
  },
  operationNotAllowed: {
    means: 'The API key may not do this kind of work.',
    message: "This key may not use the operation 'creativeUpscale'.",
  },
  routeNotAllowed: {
    means: 'The API key may not call this route; some need the master key.',
    message: 'Only the master key may do this.',
  },
  unknownRecord: {
    means: 'There is no such key or team.',
    message: 'There is no such key.',
    param: 'key',
  },
  unknownModel: {
    means: 'There is no such model. `GET /v1/models` lists them.',
    message: "The model 'recraft-v9' does not exist.",
    param: 'model',
  },
  unknownStyle: {
    means: 'There is no such style in the account.',
    message: 'There is no such style, or it is not accessible.',
    param: 'style_id',
  },
  unknownRoute: { means: 'There is no such path.', message: 'Invalid URL (POST /v1/pictures).' },
  wrongMethod: {
    means: 'The path answers to another method. The header `allow` names it.',
    message: '/v1/images/edits answers to POST, not to GET.',
  },
  requestTimeout: { means: 'The request took too long to arrive.', message: 'The request took too long to arrive.' },
  answerLost: {
    means: 'The request was answered and charged before, and its answer could not be kept. It was not sent again.',
    message: 'This request was answered and charged before; its answer could not be kept. It was not sent again.',
  },
  tooLarge: {
    means: 'The body, a field or a picture is above its limit. The limits are settings.',
    message: 'image is larger than 20 MiB.',
    param: 'image',
  },
  urlTooLong: {
    means: 'The URL is longer than 8,192 characters.',
    message: 'The URL is longer than 8192 characters.',
  },
  wrongContentType: {
    means: 'The body is of a kind this route does not take.',
    message: "Send the body as JSON with 'content-type: application/json'; this request says 'text/html'.",
  },
  idempotencyRunning: {
    means: 'A request with this `Idempotency-Key` is still running. Try again after `retry-after` seconds.',
    message: 'A request with this Idempotency-Key is still running.',
  },
  idempotencyMismatch: {
    means: 'The `Idempotency-Key` was used for another request before.',
    message: 'This Idempotency-Key was used for another request.',
  },
  headersTooLong: { means: "The request's headers are too long.", message: 'The headers are too long.' },
  unprocessable: {
    means: 'Recraft understood the request and could not do it.',
    message: 'Recraft could not process the request: the image has no content.',
  },
  budgetExceeded: {
    means: 'The budget of the key or of its team does not cover the request.',
    message:
      "Budget has been exceeded! Current cost: 9.98, Max budget: 10. It is the budget of the key 'web-shop' (sk-...5e04).",
  },
  rateLimited: {
    means: 'A limit of the key or of its team is reached. Try again after `retry-after` seconds.',
    message: 'This key may make 60 requests a minute. Try again in 12 seconds.',
  },
  queueFull: {
    means: 'More requests wait for Recraft than can be served in time. Try again after `retry-after` seconds.',
    message: 'Too many requests are waiting for Recraft. Try again in 20 seconds.',
  },
  allCoolingDown: {
    means: 'Every account that serves this model failed lately. Try again after `retry-after` seconds.',
    message: "No deployment of 'recraft-v3' is available at the moment.",
  },
  upstreamRateLimited: {
    means: "The rate limit of the gateway's Recraft account is reached. Try again after `retry-after` seconds.",
    message: "Recraft's rate limit is reached. Try again shortly.",
  },
  quotaExhausted: {
    means: "The gateway's Recraft account is empty. The operator has to fill it up.",
    message: "The gateway's Recraft account is out of API units.",
  },
  internal: {
    means: 'A fault of the gateway. Report it with its `x-request-id`.',
    message: 'Something went wrong inside the gateway.',
  },
  upstreamCredentials: {
    means: "Recraft did not accept the gateway's own key. The operator has to look at it.",
    message: "Recraft did not accept the gateway's account. The operator has to look at it.",
  },
  upstreamUnreachable: {
    means: 'Recraft could not be reached. Nothing was sent and nothing was charged.',
    message: 'Recraft could not be reached.',
  },
  upstreamFailed: {
    means: 'Recraft failed, or its connection broke. The request may have been charged.',
    message: 'The connection to Recraft broke before it answered. The request may have been charged.',
  },
  upstreamInvalidAnswer: {
    means: "Recraft's answer cannot be used. The request may have been charged.",
    message: "Recraft's answer could not be used: it is cut short.",
  },
  upstreamOverloaded: {
    means: 'Recraft is not available. Try again after `retry-after` seconds.',
    message: 'Recraft is not available at the moment. Try again shortly.',
  },
  tooBusy: {
    means: 'The gateway holds as many uploads as it may. Try again after `retry-after` seconds.',
    message: 'The gateway holds as many uploads as it can; please try again in a moment.',
  },
  shuttingDown: {
    means: 'This instance is going down. Another one answers; try again at once.',
    message: 'This instance is shutting down. Please try again.',
  },
  databaseDown: {
    means:
      'The database does not answer, so nothing that costs money is started. Try again after `retry-after` seconds.',
    message: 'The database does not answer at the moment. Please try again.',
  },
  noDatabase: {
    means: 'This gateway runs without a database (`DATABASE_URL` is `none`), which this route needs.',
    message: 'This gateway runs without a database.',
  },
  failedAfterCharge: {
    means:
      'A part of the work was charged, or may have been, before the rest failed for a passing reason. Sent again, it is paid again: ' +
      'the status is one that no client repeats by itself.',
    message:
      'Recraft is not available at the moment. Try again shortly. What was done before is charged: sent again, it is paid again.',
  },
  upstreamTimeout: {
    means: 'Recraft did not finish in time. The request may have been charged.',
    message: 'Recraft did not finish within 280000 ms. The request may have been charged.',
  },
};

/** The body of an answer with this fault, made as the gateway makes it. */
export function exampleOf(fault: Fault): ErrorBody {
  const { message, param } = FAULT_GUIDE[fault];
  return new GatewayError(fault, message, param === undefined ? {} : { param }).toBody();
}
