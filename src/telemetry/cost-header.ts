const MICRO_DOLLARS_PER_DOLLAR = 1_000_000;

/** LiteLLM's header for what a call costs. */
export const COST_HEADER = 'x-litellm-response-cost';

/** Adds a header with an amount in US dollars, as name and value; none where nobody knows the amount. */
export function pushDollars(headers: string[], name: string, microDollars: number | undefined): void {
  if (microDollars !== undefined) headers.push(name, String(microDollars / MICRO_DOLLARS_PER_DOLLAR));
}
