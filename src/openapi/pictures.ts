import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiExtraModels, ApiOkResponse, getSchemaPath } from '@nestjs/swagger';
import { type Fault, FAULTS } from '../errors/gateway-error.js';
import { GenerateImageDto } from '../images/openai/dto/generate-image.dto.js';
import { ImagesAnswerDto } from '../images/openai/dto/images-answer.dto.js';
import { PictureAnswerDto } from '../images/recraft/dto/picture-answer.dto.js';
import { ApiFaults, type Decorator, type Headers, IDS } from './answers.js';
import { BASE64_ANSWER, eventStream, GENERATIONS, ONE_PICTURE_ANSWER, URL_ANSWER } from './picture-examples.js';

/** On every answer with pictures. */
const PICTURE_HEADERS: Headers = {
  ...IDS,
  'x-litellm-model-id': {
    description: 'The deployment that served the request; `GET /v1/model/info` describes it.',
    schema: { type: 'string', example: '6d0f846348a856321729a2f36734d1a7' },
  },
  'x-litellm-response-cost': {
    description: "What the pictures cost, in US dollars: Recraft's charge where it is known in time, else the price.",
    schema: { type: 'number', example: 0.04 },
  },
  'x-litellm-response-duration-ms': {
    description: 'Milliseconds from the request to the start of the answer.',
    schema: { type: 'number', example: 6120.4 },
  },
  'x-litellm-overhead-duration-ms': {
    description: "The gateway's own part of that.",
    schema: { type: 'number', example: 1.3 },
  },
  'x-queue-time-ms': {
    description: "Milliseconds that the request waited for its turn within Recraft's rate limit; part of the overhead.",
    schema: { type: 'number', example: 0 },
  },
  'x-ignored-params': {
    description:
      'Fields that were accepted and not forwarded, and `timeout` where it was cut, by comma. Missing where there are none.',
    schema: { type: 'string', example: 'quality, user' },
  },
};

/** These never come from a route that exists, or before it is known which one is meant. */
const OUTSIDE_ROUTES: readonly Fault[] = ['unknownRoute', 'wrongMethod', 'requestTimeout'];

/** Only a picture that is sent along can cause these. */
const OF_UPLOADS: readonly Fault[] = ['invalidForm', 'invalidImage', 'unknownPictureKind'];

/** Documents a route that makes pictures from words. */
export function ApiGeneration(): Decorator {
  return applyDecorators(
    ApiBody({ type: GenerateImageDto, examples: GENERATIONS }),
    pictures('image_generation.completed'),
    faultsWithout(...OUTSIDE_ROUTES),
  );
}

/** Documents a route that changes a picture. Its bodies are described in `edit-bodies.ts`. */
export function ApiEdit(): Decorator {
  return applyDecorators(pictures('image_edit.completed'), faultsWithout(...OUTSIDE_ROUTES));
}

/** Documents what a route of Recraft's dialect answers: several pictures, or one. */
export function ApiRecraftAnswer(isSingle: boolean, takesPictures: boolean): Decorator {
  const schema = isSingle ? PictureAnswerDto : ImagesAnswerDto;
  return applyDecorators(
    ApiExtraModels(schema),
    ApiOkResponse({
      description: 'The pictures: JSON, or a form with the files themselves with `response_format: multipart`.',
      headers: PICTURE_HEADERS,
      content: {
        'application/json': {
          schema: { $ref: getSchemaPath(schema) },
          example: isSingle ? ONE_PICTURE_ANSWER : URL_ANSWER,
        },
        'multipart/form-data': { schema: { type: 'string', format: 'binary' } },
      },
    }),
    faultsWithout(...OUTSIDE_ROUTES, ...(takesPictures ? [] : OF_UPLOADS)),
  );
}

/** One JSON document, or events where `stream` asks for them. */
function pictures(event: string): Decorator {
  const schema = { $ref: getSchemaPath(ImagesAnswerDto) };
  return applyDecorators(
    ApiExtraModels(ImagesAnswerDto),
    ApiOkResponse({
      description:
        'The pictures: a JSON document, server-sent events with `stream: true`, or a form with the files themselves with ' +
        '`response_format: multipart`.',
      headers: PICTURE_HEADERS,
      content: {
        'application/json': {
          schema,
          examples: {
            url: { summary: 'Links (response_format: url)', value: URL_ANSWER },
            b64_json: { summary: 'Base64 (response_format: b64_json)', value: BASE64_ANSWER },
          },
        },
        'text/event-stream': { schema: { type: 'string' }, example: eventStream(event) },
        'multipart/form-data': { schema: { type: 'string', format: 'binary' } },
      },
    }),
  );
}

function faultsWithout(...left: Fault[]): Decorator {
  return ApiFaults((Object.keys(FAULTS) as Fault[]).filter((fault) => !left.includes(fault)));
}
