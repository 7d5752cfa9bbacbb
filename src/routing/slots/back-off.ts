const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** After a pause half of the limit is used, and all of it after so long. */
const SLOW_START_MS = 2_000;
/** After so long without a refusal the next one is a first one again. */
const FORGET_MS = 10_000;

/** What an account does after its provider found that too much was sent: a pause, longer each time, then a slow start. */
export class BackOff {
  private pausedUntil = Number.NEGATIVE_INFINITY;
  private pausedAt = Number.NEGATIVE_INFINITY;
  private pauses = 0;

  /**
   * @param sentAt when the refused request was sent: several that were under way together are one refusal
   * @returns whether it is another refusal than the last one
   */
  pause(sentAt: number, retryAfterMs: number, now: number): boolean {
    if (sentAt <= this.pausedAt) return false;
    if (now - this.pausedUntil > FORGET_MS) this.pauses = 0;
    const ms = Math.max(retryAfterMs, Math.min(FIRST_PAUSE_MS * 2 ** this.pauses, LONGEST_PAUSE_MS));
    this.pauses++;
    this.pausedAt = now;
    this.pausedUntil = now + ms;
    return true;
  }

  /** Takes over a pause that was found elsewhere; 0 where there is none. */
  learn(pausedMs: number, now: number): void {
    if (pausedMs > 0) this.pausedUntil = now + pausedMs;
  }

  pausedMs(now: number): number {
    return Math.max(0, this.pausedUntil - now);
  }

  /** What is left of a limit of requests a second. */
  slowed(limit: number, now: number): number {
    const share = Math.min(1, 0.5 + Math.max(0, now - this.pausedUntil) / SLOW_START_MS / 2);
    return Math.max(1, Math.floor(limit * share));
  }
}
