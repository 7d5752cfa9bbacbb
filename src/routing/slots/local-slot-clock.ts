import { BackOff } from './back-off.js';
import { Margin } from './margin.js';
import type { Grant, Rate, SlotClock } from './slot-clock.js';
import { type ToldUse, type Use, UsageWindow } from './usage-window.js';

interface CountedRate extends Rate {
  readonly window: UsageWindow;
}

/** The slots of an account that this process has for itself: a sliding log of what was sent. */
export class LocalSlotClock implements SlotClock {
  private readonly rates: readonly CountedRate[];
  private readonly backingOff = new BackOff();
  private readonly margin = new Margin();

  constructor(
    rates: readonly Rate[],
    private readonly now: () => number = () => performance.now(),
  ) {
    this.rates = rates.map((rate) => ({ ...rate, window: new UsageWindow(rate.spanMs, rate.limit, this.margin) }));
  }

  get pausedMs(): number {
    return this.backingOff.pausedMs(this.now());
  }

  /** How much longer than its span a use counts, in milliseconds. */
  get marginMs(): number {
    return this.margin.at(this.now());
  }

  get slotsLeft(): number {
    const now = this.now();
    return Math.min(...this.rates.map(({ window }) => window.left(now)));
  }

  take(images: number): Grant {
    const now = this.now();
    const waitMs = Math.max(this.backingOff.pausedMs(now), this.waitFor(1, images, now));
    return waitMs > 0 ? notYet(waitMs) : this.record(images);
  }

  /** Counts a slot that was given out, whoever did, from so many milliseconds on. */
  record(images: number, inMs = 0): Grant {
    const at = this.now() + inMs;
    const uses = this.rates
      .map(({ counts, window, limit }) => ({ window, amount: Math.min(counts === 'images' ? images : 1, limit) }))
      .filter(({ amount }) => amount > 0)
      .map(({ window, amount }) => ({ window, use: window.use(amount, at) }));
    return new TakenSlot(uses, this.now);
  }

  leastWaitMs(requests: number, images: number): number {
    const now = this.now();
    return Math.max(this.backingOff.pausedMs(now), this.waitFor(requests, images, now));
  }

  /** Takes over what is known elsewhere of the account: of each rate what was used, and the pause. */
  learn(told: readonly (readonly ToldUse[])[], pausedMs: number): void {
    const now = this.now();
    this.backingOff.learn(pausedMs, now);
    for (const [index, { window }] of this.rates.entries()) window.learn(told[index] ?? [], now);
  }

  backOff(sentAt: number, retryAfterMs: number): void {
    const now = this.now();
    if (this.backingOff.pause(sentAt, retryAfterMs, now)) this.margin.widen(now);
  }

  private waitFor(requests: number, images: number, now: number): number {
    let at = now;
    for (const { counts, window, limit } of this.rates) {
      const amount = counts === 'images' ? images : requests;
      if (amount === 0) continue;
      const left = counts === 'requests' ? this.backingOff.slowed(limit, now) : limit;
      at = Math.max(at, window.fitsAt(amount, now, left));
    }
    return at - now;
  }
}

class TakenSlot implements Grant {
  readonly taken = true;
  readonly waitMs = 0;

  constructor(
    private readonly uses: readonly { readonly window: UsageWindow; readonly use: Use }[],
    private readonly now: () => number,
  ) {}

  sent(): void {
    const now = this.now();
    for (const { window, use } of this.uses) window.postpone(use, now);
  }

  giveBack(): void {
    for (const { window, use } of this.uses) window.giveBack(use);
  }

  leave(): void {
    // What was sent still counts.
  }
}

function notYet(waitMs: number): Grant {
  return { taken: false, waitMs, sent: doNothing, giveBack: doNothing, leave: doNothing };
}

function doNothing(): void {
  // No slot was taken.
}
