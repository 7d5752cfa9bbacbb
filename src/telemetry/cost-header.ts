const MICRO_DOLLARS_PER_DOLLAR = 1_000_000;

/** A header with an amount in US dollars, as name and value; nothing where nobody knows it. */
export function dollarHeader(name: string, microDollars: number | undefined): string[] {
  return microDollars === undefined ? [] : [name, String(microDollars / MICRO_DOLLARS_PER_DOLLAR)];
}

/** LiteLLM's header for what a call costs. */
export function costHeader(microDollars: number | undefined): string[] {
  return dollarHeader('x-litellm-response-cost', microDollars);
}
