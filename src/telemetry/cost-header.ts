import type { CallRecord } from './call-record.js';

const MICRO_DOLLARS_PER_DOLLAR = 1_000_000;

/** LiteLLM's header for what a call costs. */
export const COST_HEADER = 'x-litellm-response-cost';

/** Adds a header with an amount in US dollars, as name and value; none where nobody knows the amount. */
export function pushDollars(headers: string[], name: string, microDollars: number | undefined): void {
  if (microDollars !== undefined) headers.push(name, String(microDollars / MICRO_DOLLARS_PER_DOLLAR));
}

/** Adds LiteLLM's headers of what the caller's key has spent, this call included, and may spend; none where nobody counts. */
export function pushBudget(headers: string[], call: CallRecord, costMicroDollars = 0): void {
  const { keySpendMicroDollars: spent, keyMaxBudgetMicroDollars: most } = call;
  if (spent !== undefined) pushDollars(headers, 'x-litellm-key-spend', spent + costMicroDollars);
  pushDollars(headers, 'x-litellm-key-max-budget', most);
}
