import type { Deployment } from './deployment.js';

/** What a name of a request leads to. */
export interface ModelGroup {
  /** The name that is called in the end: aliases followed, the provider's prefix set. What a caller must be allowed to use. */
  readonly name: string;
  /** One at least; any of them can serve the request. */
  readonly deployments: readonly [Deployment, ...Deployment[]];
  /** Request fields, by wire name, that the requested name (an alias) fills in where the request does not. */
  readonly defaults: Readonly<Record<string, unknown>>;
}

/** A line of `GET /v1/models`. */
export interface ModelEntry {
  readonly id: string;
  /** Unix seconds of the model's release; 0 where the catalogue does not know the model. */
  readonly created: number;
}
