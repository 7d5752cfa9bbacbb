/** How much an account at the provider takes; 0: no limit. */
export interface SlotLimits {
  readonly requestsPerSecond: number;
  readonly requestsPerMinute: number;
  readonly imagesPerMinute: number;
  readonly parallelRequests: number;
}

/** One way to reach a model: an account at the provider, an address, and what this entry fills in by default. */
export interface Deployment {
  /** `model_info.id`, or a digest of the entry; answered as `x-litellm-model-id`. */
  readonly id: string;
  /** The name callers use; several deployments of one name form a model group. */
  readonly group: string;
  /** The provider's name for the model, for instance `recraftv3`. */
  readonly model: string;
  readonly apiKey: string;
  /** Address of the provider's API, without `/v1` and without a trailing slash. */
  readonly apiBase: string;
  /** Longest time from sending a request to the end of its answer. */
  readonly timeoutMs: number;
  /** The same for an event stream; undefined: as for any other answer. */
  readonly streamTimeoutMs?: number;
  /** `model_info.mode`: which operations prefer this deployment. */
  readonly mode?: 'image_generation' | 'image_edit';
  /** Request fields, by their wire names, that a request gets where it does not set them. */
  readonly defaults: Readonly<Record<string, unknown>>;
  /** `model_info.output_cost_per_image` in micro-dollars: overrides the catalogue's price. */
  readonly microDollarsPerImage?: number;
  /** Limits of the account that this entry sets; the rest is the operator's default. */
  readonly slots?: Partial<SlotLimits>;
  /** Share of the requests under `simple-shuffle`, relative to the other deployments; 1 where only others have one. */
  readonly weight?: number;
  /** How long this deployment rests after too many failures, in milliseconds; the operator's default without it. */
  readonly cooldownMs?: number;
}

/** Longest time from sending a request to the end of its answer, in milliseconds. */
export function timeoutOf({ timeoutMs, streamTimeoutMs = timeoutMs }: Deployment, isStreamed = false): number {
  return isStreamed ? streamTimeoutMs : timeoutMs;
}

/** Names the account behind a deployment: those with the same address and key share its limits. Holds the key: never shown. */
export function accountOf({ apiBase, apiKey }: Deployment): string {
  return `${apiBase} ${apiKey}`;
}
