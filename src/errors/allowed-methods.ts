import type { Express } from 'express';
import type { AllowedMethods } from './gateway-error.filter.js';

interface RouterLayer {
  match(path: string): boolean;
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
}

/** Reads from Express' router which methods a path answers to, so that a wrong one is told from an unknown path. */
export function allowedMethodsOf(express: Express): AllowedMethods {
  return (path) => {
    const layers = (express as unknown as { router: { stack: RouterLayer[] } }).router.stack;
    const methods = layers
      .filter((layer) => layer.route && matches(layer, path))
      .flatMap(({ route }) => Object.keys(route?.methods ?? {}));
    // Express answers HEAD wherever it answers GET.
    if (methods.includes('get')) methods.push('head');
    return [...new Set(methods)].map((method) => method.toUpperCase()).sort();
  };
}

/** A path that cannot be decoded matches nothing. */
function matches(layer: RouterLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}
