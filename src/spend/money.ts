const MICRO_DOLLARS_PER_DOLLAR = 1_000_000;

/** Dollars as they are told: a number with up to six decimals. */
export function inDollars(microDollars: number): number {
  return microDollars / MICRO_DOLLARS_PER_DOLLAR;
}

/** Whether an amount can be counted exactly. */
export function isWholeMicroDollars(dollars: number): boolean {
  return Math.round(dollars * MICRO_DOLLARS_PER_DOLLAR) / MICRO_DOLLARS_PER_DOLLAR === dollars;
}
