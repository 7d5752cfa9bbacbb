const MICRO_DOLLARS_PER_DOLLAR = 1_000_000;

/** LiteLLM's header for what a call costs, in US dollars, as name and value; nothing where nobody knows. */
export function costHeader(microDollars: number | undefined): string[] {
  return microDollars === undefined ? [] : ['x-litellm-response-cost', String(microDollars / MICRO_DOLLARS_PER_DOLLAR)];
}
