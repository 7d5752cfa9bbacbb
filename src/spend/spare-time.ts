/** Waiting for so small a share of the time is what happens between two things to do. */
const NONE = 0.05;

/** Whether this process has time to spare, by what its event loop has waited since it was last asked. */
export class SpareTime {
  private askedAt = performance.now();
  private waitedMs = performance.nodeTiming.idleTime;

  /** Whether there was none: the event loop went from one thing to the next. */
  wasNone(): boolean {
    const [askedAt, waitedMs] = [this.askedAt, this.waitedMs];
    this.askedAt = performance.now();
    this.waitedMs = performance.nodeTiming.idleTime;
    return this.waitedMs - waitedMs < NONE * (this.askedAt - askedAt);
  }
}
