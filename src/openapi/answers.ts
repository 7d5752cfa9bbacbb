import { applyDecorators } from '@nestjs/common';
import { ApiResponse, type ApiResponseOptions } from '@nestjs/swagger';
import { ErrorDto } from '../errors/error.dto.js';

type Headers = NonNullable<ApiResponseOptions['headers']>;

const REQUEST_ID: Headers = {
  'x-request-id': {
    description: "The gateway's id of the request; name it when you report trouble.",
    schema: { type: 'string' },
  },
  'x-litellm-call-id': {
    description: "The caller's own `x-litellm-call-id`, or the request id.",
    schema: { type: 'string' },
  },
};

const RETRY: Headers = {
  'retry-after': {
    description: 'Whole seconds, 1 to 59, where trying again makes sense.',
    schema: { type: 'integer' },
  },
  'x-should-retry': {
    description: '`false` where trying again cannot help or could pay twice.',
    schema: { type: 'string' },
  },
};

/** Headers of an answer with pictures. */
export const PICTURE_HEADERS: Headers = {
  ...REQUEST_ID,
  'x-litellm-model-id': { description: 'The deployment that served the request.', schema: { type: 'string' } },
  'x-litellm-response-cost': { description: 'What the pictures cost, in US dollars.', schema: { type: 'number' } },
  'x-litellm-response-duration-ms': {
    description: 'From the request to the start of the answer.',
    schema: { type: 'number' },
  },
  'x-litellm-overhead-duration-ms': { description: "The gateway's own part of that.", schema: { type: 'number' } },
  'x-ignored-params': {
    description: 'Fields that were accepted and not forwarded, by comma.',
    schema: { type: 'string' },
  },
};

const MEANINGS = {
  400: 'The request is wrong; `param` names the field. Or Recraft refused it. Nothing was charged.',
  401: 'The key is missing, malformed or unknown; `code` tells which.',
  404: 'The model does not exist.',
  413: 'The body or a picture is too large.',
  415: 'The body is of a kind this route does not take.',
  422: 'Recraft could not process the request.',
  429: "Recraft's rate limit is reached, or the gateway's account is empty (`insufficient_quota`).",
  500: 'A fault of the gateway.',
  502: 'Recraft could not be reached, failed, or its answer was unusable.',
  503: 'Too much is going on here or at Recraft; try again after `Retry-After`.',
  504: 'Recraft did not finish in time. The request may have been charged.',
} as const;

/** Documents the errors of a route, all in one shape. */
export function ApiErrors(...statuses: (keyof typeof MEANINGS)[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ...statuses.map((status) =>
      ApiResponse({ status, description: MEANINGS[status], type: ErrorDto, headers: { ...REQUEST_ID, ...RETRY } }),
    ),
  );
}

/** Every error that a route which makes pictures can answer. */
export const ApiPictureErrors = (): MethodDecorator & ClassDecorator =>
  ApiErrors(400, 401, 404, 413, 415, 422, 429, 500, 502, 503, 504);
