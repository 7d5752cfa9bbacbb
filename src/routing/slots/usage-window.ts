import { type Margin, MOST_MARGIN_MS } from './margin.js';

/** One use: when it counted, and how much. */
export interface Use {
  at: number;
  readonly amount: number;
}

/** A use that is counted elsewhere: in how many milliseconds it counts no more. */
export interface ToldUse {
  readonly endsInMs: number;
  readonly amount: number;
}

/** Counts what was used within the span that ends now and a margin, and says when more fits in. Times are milliseconds of one clock. */
export class UsageWindow {
  /** Oldest first. */
  private uses: Use[] = [];

  constructor(
    private readonly spanMs: number,
    private readonly limit: number,
    private readonly margin: Pick<Margin, 'at'>,
  ) {}

  /**
   * The first moment from `now` on at which `amount` more keeps the limit, if nothing else is used until then. An
   * amount above the limit waits as many spans longer as it takes to use it up in parts.
   */
  fitsAt(amount: number, now: number, limit: number = this.limit): number {
    const fullSpans = Math.max(0, Math.ceil(amount / limit) - 1);
    let used = amount - fullSpans * limit;
    const spanMs = this.spanMs + this.margin.at(now);
    const wait = fullSpans * spanMs;
    for (let index = this.uses.length - 1; index >= 0; index--) {
      const use = this.uses[index];
      if (use === undefined || use.at + spanMs <= now) break;
      used += use.amount;
      if (used > limit) return use.at + spanMs + wait;
    }
    return now + wait;
  }

  /** How much fits in now. */
  left(now: number): number {
    const spanMs = this.spanMs + this.margin.at(now);
    let used = 0;
    for (let index = this.uses.length - 1; index >= 0; index--) {
      const use = this.uses[index];
      if (use === undefined || use.at + spanMs <= now) break;
      used += use.amount;
    }
    return this.limit - used;
  }

  use(amount: number, at: number): Use {
    this.forget(at);
    const use = { at, amount };
    this.uses.push(use);
    let to = this.uses.length - 1;
    for (let before = this.uses[to - 1]; before !== undefined && before.at > at; before = this.uses[to - 1]) {
      this.uses[to] = before;
      to--;
    }
    this.uses[to] = use;
    return use;
  }

  /** Takes over what is counted elsewhere, in the place of what was known. Oldest first; `endsInMs` is when it counts no more. */
  learn(told: readonly ToldUse[], now: number): void {
    const spanMs = this.spanMs + this.margin.at(now);
    this.uses = told.map(({ endsInMs, amount }) => ({ at: now + endsInMs - spanMs, amount }));
  }

  /** Counts a use from a later moment on. */
  postpone(use: Use, at: number): void {
    const from = this.uses.indexOf(use);
    if (from < 0 || at <= use.at) return;
    use.at = at;
    let to = from;
    for (let next = this.uses[to + 1]; next !== undefined && next.at < at; next = this.uses[to + 1]) {
      this.uses[to] = next;
      to++;
    }
    this.uses[to] = use;
  }

  /** As if it had not been used. */
  giveBack(use: Use): void {
    const index = this.uses.indexOf(use);
    if (index >= 0) this.uses.splice(index, 1);
  }

  /** Drops what counts no more: memory holds at most the uses of one span. */
  private forget(now: number): void {
    let old = 0;
    for (const use of this.uses) {
      if (use.at + this.spanMs + MOST_MARGIN_MS > now) break;
      old++;
    }
    if (old > 0) this.uses.splice(0, old);
  }
}
