/** 1,000 API units are one US dollar (recraft-api.md §7). */
export const MICRO_DOLLARS_PER_UNIT = 1000;

/** A thousand dollars: far more than any request costs, and few enough that nine million such charges can be summed exactly. */
const MOST_UNITS = 1_000_000;

/** What an answer says that it cost, in micro-dollars; undefined where that cannot be, and the price counts instead. */
export function chargeOf(credits: unknown): number | undefined {
  const isCharge = typeof credits === 'number' && credits >= 0 && credits <= MOST_UNITS;
  return isCharge ? credits * MICRO_DOLLARS_PER_UNIT : undefined;
}
