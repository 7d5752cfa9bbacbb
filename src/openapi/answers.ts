import { applyDecorators } from '@nestjs/common';
import { ApiOkResponse, ApiResponse, type ApiResponseOptions } from '@nestjs/swagger';
import { ErrorDto } from '../errors/error.dto.js';
import { type Fault, FAULTS } from '../errors/gateway-error.js';
import { exampleOf, FAULT_GUIDE } from './fault-guide.js';

export type Headers = NonNullable<ApiResponseOptions['headers']>;
export type Decorator = MethodDecorator & ClassDecorator;

/** On every answer of the gateway. */
export const IDS: Headers = {
  'x-request-id': {
    description: "The gateway's id of the request; name it when you report trouble.",
    schema: { type: 'string', example: 'req_0f8fad5b-d9cb-469f-a165-70867728950e' },
  },
  'x-litellm-call-id': {
    description: "The caller's own `x-litellm-call-id`, or the request id.",
    schema: { type: 'string', example: 'nightly-banner-42' },
  },
};

const AUTHENTICATE: Headers = {
  'www-authenticate': { description: 'How to present a key.', schema: { type: 'string', example: 'Bearer' } },
};

const RETRY_AFTER: Headers = {
  'retry-after': {
    description: 'Whole seconds, 1 to 59, where trying again makes sense.',
    schema: { type: 'integer', minimum: 1, maximum: 59, example: 2 },
  },
};

const SHOULD_RETRY: Headers = {
  'x-should-retry': {
    description: '`false` where trying again cannot help or could pay twice. Missing elsewhere.',
    schema: { type: 'string', enum: ['false'] },
  },
};

/** Answers that come with `retry-after`. */
const PASSING_TROUBLE: ReadonlySet<number> = new Set([429, 502, 503]);

/** Faults of any request, beside the ones that a route adds. */
const ANYWHERE: readonly Fault[] = ['internal'];
const WITH_KEY: readonly Fault[] = ['missingKey', 'malformedKey', 'wrongKey', ...ANYWHERE];

/** Documents the errors of a route that wants a key: those of every such route, and `faults`. */
export function ApiErrors(...faults: Fault[]): Decorator {
  return ApiFaults([...WITH_KEY, ...faults]);
}

/** Documents the errors of a route that is open. Its key is never looked at, so a bad request is one that is no HTTP. */
export function ApiOpenErrors(): Decorator {
  return applyDecorators(
    ApiFaults(ANYWHERE),
    ApiResponse({ status: '4XX', description: 'The request is no proper HTTP.', type: ErrorDto }),
  );
}

/** Documents a successful answer that is no pictures. */
export function ApiAnswer(options: ApiResponseOptions): Decorator {
  return ApiOkResponse({ headers: IDS, ...options });
}

/** Documents these faults and no others, each status with all of its codes. */
export function ApiFaults(faults: readonly Fault[]): Decorator {
  const byStatus = Map.groupBy(faults, (fault) => FAULTS[fault].status);
  return applyDecorators(...Array.from(byStatus, ([status, group]) => errorResponse(status, group)));
}

function errorResponse(status: number, faults: readonly Fault[]): Decorator {
  const meanings = faults.map((fault) => `- \`${FAULTS[fault].code}\`: ${FAULT_GUIDE[fault].means}`);
  return ApiResponse({
    status,
    type: ErrorDto,
    description: meanings.join('\n'),
    headers: {
      ...IDS,
      ...(status === 401 && AUTHENTICATE),
      ...(PASSING_TROUBLE.has(status) && RETRY_AFTER),
      ...(faults.some((fault) => 'retry' in FAULTS[fault]) && SHOULD_RETRY),
    },
    examples: Object.fromEntries(
      faults.map((fault) => [FAULTS[fault].code, { summary: FAULTS[fault].code, value: exampleOf(fault) }]),
    ),
  });
}
