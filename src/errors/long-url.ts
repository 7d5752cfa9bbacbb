import type { Request, Response } from 'express';
import { answerUnrouted } from './answer-unrouted.js';
import { discardRest } from './discard-rest.js';
import { GatewayError } from './gateway-error.js';

/** Far more than any route or query here needs; what logs and routers see stays short. */
const MAX_URL_CHARACTERS = 8_192;

/** Refuses a URL that is absurdly long before anything looks at it; true says that the request is answered. */
export function refusesLongUrl(request: Request, response: Response): boolean {
  if (request.url.length <= MAX_URL_CHARACTERS) return false;
  discardRest(request, response);
  const error = new GatewayError('urlTooLong', `The URL is longer than ${MAX_URL_CHARACTERS} characters.`);
  answerUnrouted(error, request.call, response);
  return true;
}
