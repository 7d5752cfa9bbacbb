import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels } from '@nestjs/swagger';
import type { Operation } from '../images/image-request.js';
import type { PictureRoute } from '../images/recraft/routes.js';
import { ApiRecraftAnswer } from './pictures.js';
import type { Decorator } from './answers.js';

/** Operations that answer with one picture (recraft-api.md §4.4). */
const SINGLE: ReadonlySet<Operation> = new Set([
  'vectorize', 'removeBackground', 'crispUpscale', 'creativeUpscale', 'enhance', 'eraseRegion',
]); // prettier-ignore

/** Documents a route of Recraft's that answers with pictures: its bodies are described in `picture-bodies.ts`. */
export function ApiRecraftPictures({ dto, slots, operation }: PictureRoute): Decorator {
  return applyDecorators(ApiExtraModels(dto), ApiRecraftAnswer(SINGLE.has(operation), slots.length > 0));
}
