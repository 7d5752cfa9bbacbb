import type { Request } from 'express';
import { modelInPath } from '../images/openai/model-in-path.js';

/**
 * Where a request's key and repeats count: for one caller and one route. The spelling of the URL, which may have `/v1` or not,
 * capitals, a slash or a query behind it, says nothing of what is asked for; the model in an Azure-style path does. A key that was
 * regenerated is the same caller.
 */
export function scopeOf(request: Request): string {
  const { path } = request.route as { readonly path: string };
  const route = path.startsWith('/v1/') ? path : `/v1${path}`;
  const model = modelInPath(request);
  const caller = request.call.caller?.scope.slice('key:'.length) ?? '';
  return `${caller} ${route}${model === undefined ? '' : ` ${model}`}`;
}
