import type { Request } from 'express';

/** The model of an Azure-style path, whose name may hold slashes; undefined on every other path. */
export function modelInPath(request: Request): string | undefined {
  const model = request.params['model'];
  return Array.isArray(model) ? model.join('/') : model;
}
