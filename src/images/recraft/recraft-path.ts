import { PICTURE_ROUTES } from './routes.js';

const PICTURES = new Set(PICTURE_ROUTES.flatMap(({ paths }) => paths.map((path) => `/images/${path}`)));
const DOCUMENTS = /^\/(?:styles(?:\/.*)?|prompts\/enhance|colors\/optimize|users\/me|status|ping)$/;

/** Whether a path belongs to Recraft's dialect alone. */
export function isRecraftPath(path: string): boolean {
  const below = path.startsWith('/v1/') ? path.slice('/v1'.length) : path;
  return PICTURES.has(below) || DOCUMENTS.test(below);
}
