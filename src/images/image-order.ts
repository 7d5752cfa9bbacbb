import type { ImageRequest, Operation } from './image-request.js';

/** A request made of fields, and the fields that have no meaning for it. */
export interface Interpretation {
  readonly request: ImageRequest;
  /** Accepted and left out, by wire name. */
  readonly ignored: readonly string[];
  /** What has to be done with the pictures afterwards, with a charge of its own: the price is that of both. */
  readonly afterwards?: ImageRequest;
}

/**
 * A caller's wish before it is known which deployment will serve it: the deployment may bring defaults of its own, so
 * the request is built once it has been chosen.
 */
export interface ImageOrder {
  /** The name the caller used; undefined: the configured default. */
  readonly model: string | undefined;
  readonly operation: Operation;
  /** The only kind of picture that is wanted; undefined: either. */
  readonly output?: 'raster' | 'vector';
  /** The curated style that the caller asks for; undefined: none. */
  readonly style?: string;
  /** Fills what the caller left open. @throws GatewayError naming `param` */
  interpret(defaults: Readonly<Record<string, unknown>>): Interpretation;
}
