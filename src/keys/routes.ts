import { NamePattern } from '../registry/name-pattern.js';
import type { Caller } from './caller.js';
import type { Access } from './master-only.decorator.js';

/** LiteLLM's words for groups of routes (`allowed_routes`), as paths without `/v1`. */
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  llm_api_routes: [
    ...['/images/*', '/prompts/*', '/colors/*', '/styles', '/styles/*', '/openai/deployments/*'],
    ...['/models', '/models/*', '/model/info'],
  ],
  openai_routes: ['/images/*', '/openai/deployments/*', '/models', '/models/*'],
  info_routes: ['/key/info', '/models', '/models/*', '/model/info', '/users/me', '/usage'],
};

export const ROUTE_GROUPS: readonly string[] = Object.keys(GROUPS);

/** Every key may ask what it is itself, whatever its list says. */
const ABOUT_ITSELF = '/key/info';

/** Whether a text can stand in `allowed_routes`: a path with at most one `*`, or one of LiteLLM's words. */
export function isRoute(text: string): boolean {
  return Object.hasOwn(GROUPS, text) || /^\/[\w/.~%:-]*\*?[\w/.~%:-]*$/.test(text);
}

/** Whether a caller may call a path at all. */
export function mayCall(caller: Caller, path: string, access: Access): boolean {
  if (caller.isMaster) return true;
  const route = plain(path);
  if (access === 'masterOrListed') return caller.routes.some((listed) => plain(listed) === route);
  if (access === 'master') return false;
  if (caller.routes.length === 0 || route === ABOUT_ITSELF) return true;
  return caller.routes.some((listed) => {
    const patterns = Object.hasOwn(GROUPS, listed) ? (GROUPS[listed] ?? []) : [plain(listed)];
    return patterns.some((pattern) => new NamePattern(pattern).matches(route));
  });
}

/** A route by one spelling: it answers with and without `/v1`, in any case, and with a slash behind it. */
function plain(path: string): string {
  return path
    .toLowerCase()
    .replace(/^\/v1(?=\/)/, '')
    .replace(/(?<=.)\/$/, '');
}
