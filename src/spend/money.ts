const MICRO_DOLLARS_PER_DOLLAR = 1_000_000;

/** Dollars as they are told: a number with up to six decimals. */
export function inDollars(microDollars: number): number {
  return microDollars / MICRO_DOLLARS_PER_DOLLAR;
}
