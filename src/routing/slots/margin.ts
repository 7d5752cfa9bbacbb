/**
 * How much longer than its span a use counts: requests are counted when they leave, and the provider counts when they
 * arrive. Two requests may differ by as much on their way without breaking the limit. The least costs 1.5 % of the slots.
 */
export const LEAST_MARGIN_MS = 15;

/** No refusal makes it wider: a sixth of the slots of a second. */
export const MOST_MARGIN_MS = 200;

/** In so many milliseconds without a refusal, half of what it is wider than the least is gone. */
export const MARGIN_HALF_LIFE_MS = 10_000;

/** A margin that widens with every refusal, and narrows again while there is none. Times are milliseconds of one clock. */
export class Margin {
  private extraMs = 0;
  private widenedAt = 0;

  at(now: number): number {
    return LEAST_MARGIN_MS + this.extraAt(now);
  }

  /** The provider found a request too many that kept the limit when it left. */
  widen(now: number): void {
    this.extraMs = Math.min(2 * this.extraAt(now) + LEAST_MARGIN_MS, MOST_MARGIN_MS - LEAST_MARGIN_MS);
    this.widenedAt = now;
  }

  private extraAt(now: number): number {
    return this.extraMs * 2 ** (-(now - this.widenedAt) / MARGIN_HALF_LIFE_MS);
  }
}
