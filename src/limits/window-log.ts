import type { Allowance } from './limiter.js';

/** Up to here it costs less to leave what is over in the array than to move the rest. */
const COMPACT_AT = 1_024;

/**
 * What was let in during the last minute, entry by entry: so the count is exact in every window, and never less than
 * the limit. It holds as many entries as the limit is high, at most.
 */
export class WindowLog {
  private times: number[] = [];
  private amounts: number[] = [];
  private first = 0;
  private sum = 0;

  constructor(private readonly windowMs: number) {}

  isEmptyAt(now: number): boolean {
    this.forget(now);
    return this.first === this.times.length;
  }

  /** Milliseconds until `amount` more fits under the limit; 0: it fits now. */
  waitFor(amount: number, limit: number, now: number): number {
    this.forget(now);
    let excess = this.sum + amount - limit;
    for (let at = this.first; excess > 0 && at < this.times.length; at += 1) {
      excess -= this.amounts[at] ?? 0;
      if (excess <= 0) return this.leavesAt(at) - now;
    }
    return excess > 0 ? this.windowMs : 0;
  }

  add(amount: number, now: number): void {
    this.times.push(now);
    this.amounts.push(amount);
    this.sum += amount;
  }

  /** Takes out what was added at that time; what has left the window by itself is not there any more. */
  remove(amount: number, at: number): void {
    let place = this.times.length - 1;
    while (place >= this.first && (this.times[place] !== at || this.amounts[place] !== amount)) place -= 1;
    if (place < this.first) return;
    this.times.splice(place, 1);
    this.amounts.splice(place, 1);
    this.sum -= amount;
  }

  allowance(limit: number, now: number): Allowance {
    this.forget(now);
    const isEmpty = this.first === this.times.length;
    return { left: Math.max(0, limit - this.sum), resetMs: isEmpty ? 0 : this.leavesAt(this.first) - now };
  }

  private leavesAt(at: number): number {
    return (this.times[at] ?? 0) + this.windowMs;
  }

  private forget(now: number): void {
    while (this.first < this.times.length && this.leavesAt(this.first) <= now) {
      this.sum -= this.amounts[this.first] ?? 0;
      this.first += 1;
    }
    if (this.first < COMPACT_AT && this.first < this.times.length) return;
    this.times = this.times.slice(this.first);
    this.amounts = this.amounts.slice(this.first);
    this.first = 0;
  }
}
