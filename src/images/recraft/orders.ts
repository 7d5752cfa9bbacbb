import type { ImageOrder } from '../image-order.js';
import { type Fields, given, merge, present } from '../request-fields.js';
import type { PictureRoute, RoutePictures } from './routes.js';

/** How pictures come back: fields of every route. */
const COMMON = ['response_format', 'image_format'] as const;

interface CommonFields {
  readonly model?: string;
  readonly response_format?: 'url' | 'b64_json' | 'multipart';
  readonly image_format?: 'png' | 'webp';
  readonly style?: string;
  readonly n?: number;
  readonly random_seed?: number;
}

/** A wish in Recraft's own words. Deployment defaults fill only what the route knows. */
export function recraftOrder(route: PictureRoute, dto: object, pictures: RoutePictures): ImageOrder {
  const own = new Set([...route.fields, ...COMMON]);
  const { model, style } = dto as CommonFields;
  return {
    model,
    operation: route.operation,
    ...present('output', route.output),
    // What the route does not know by this name may be anything.
    ...present('style', own.has('style') && style !== '' ? style : undefined),
    interpret: (defaults) => {
      const known = Object.fromEntries(Object.entries(defaults).filter(([name]) => own.has(name)));
      const fields = merge(known, given(dto));
      const extra: Fields = {};
      for (const name of Object.keys(fields)) if (!own.has(name) && name !== 'model') extra[name] = fields[name];
      const { response_format, image_format, n, random_seed } = fields as CommonFields;
      const common = {
        // A field that the route's DTO does not know may hold anything.
        count: own.has('n') ? (n ?? 1) : 1,
        responseFormat: response_format ?? 'url',
        ...present('imageFormat', image_format),
        ...present('randomSeed', own.has('random_seed') ? random_seed : undefined),
        extra,
      };
      return { request: route.build(fields, common, pictures), ignored: [] };
    },
  };
}
