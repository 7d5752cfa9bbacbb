import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiExtraModels, getSchemaPath } from '@nestjs/swagger';
import type { Operation } from '../images/image-request.js';
import type { PictureRoute } from '../images/recraft/routes.js';
import { ApiRecraftAnswer } from './pictures.js';
import type { Decorator } from './answers.js';

/** Operations that answer with one picture (recraft-api.md §4.4). */
const SINGLE: ReadonlySet<Operation> = new Set([
  'vectorize', 'removeBackground', 'crispUpscale', 'creativeUpscale', 'enhance', 'eraseRegion',
]); // prettier-ignore

/** Documents a route of Recraft's that answers with pictures: a form where pictures come along, JSON always. */
export function ApiRecraftPictures({ dto, slots, operation }: PictureRoute): Decorator {
  const fields = { $ref: getSchemaPath(dto) };
  return applyDecorators(
    ApiExtraModels(dto),
    ApiConsumes('multipart/form-data', 'application/json'),
    ApiBody({ schema: fields }),
    ApiRecraftAnswer(SINGLE.has(operation), slots.length > 0),
  );
}
