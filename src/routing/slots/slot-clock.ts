import type { SlotLimits } from '../../registry/deployment.js';

/** An answer of the clock. */
export interface Grant {
  /** Whether a slot was taken; if not, it can be asked for again after `waitMs`. */
  readonly taken: boolean;
  /** Milliseconds until the slot that was taken, or until there may be one. */
  readonly waitMs: number;
  /**
   * The slot's request is being written: its second begins now and not when the slot was taken.
   *
   * @param endsAt when its call is over at the latest, in milliseconds of `performance.now()`
   */
  sent(endsAt: number): void;
  /** The slot was not used for a request. */
  giveBack(): void;
  /** The slot's request is over: another one may be under way. */
  leave(): void;
}

/** What is counted, over which span, up to which limit. */
export interface Rate {
  readonly counts: 'requests' | 'images';
  readonly spanMs: number;
  readonly limit: number;
}

/** Requests under way at once, of all instances. */
export interface SharedPlaces {
  readonly limit: number;
  /** Those of other instances, where that is known; it is not for long. */
  readonly elsewhere: number;
}

/** Gives out the slots of one account, so that its limits are kept over any span of time. */
export interface SlotClock {
  /**
   * Takes a slot for a request for so many pictures (0: a free call), now or soon, where there is one.
   *
   * @param endsAt when its call is over at the latest, in milliseconds of `performance.now()`
   */
  take(images: number, endsAt: number): Grant | Promise<Grant>;
  /** Milliseconds in which so much can be sent, at least: what other instances took since they were asked is not known. */
  leastWaitMs(requests: number, images: number): number;
  /** Requests for one picture that could be sent now, as far as this process knows. */
  readonly slotsLeft: number;
  /** What is known of the requests under way that instances share; undefined: each instance has its own part of them. */
  readonly sharedPlaces?: SharedPlaces | undefined;
  /** The provider itself found that too much was sent: pauses, starts again slowly, and keeps a wider margin. */
  backOff(sentAt: number, retryAfterMs: number): void;
  /** Milliseconds until the pause is over; 0 where there is none. */
  readonly pausedMs: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** The rates that limits come to; those without a limit are left out. `share` is this instance's part of them. */
export function ratesOf(limits: SlotLimits, share = 1): Rate[] {
  const rates: Rate[] = [
    { counts: 'requests', spanMs: SECOND_MS, limit: limits.requestsPerSecond },
    { counts: 'requests', spanMs: MINUTE_MS, limit: limits.requestsPerMinute },
    { counts: 'images', spanMs: MINUTE_MS, limit: limits.imagesPerMinute },
  ];
  return rates.filter(({ limit }) => limit > 0).map((rate) => shareOf(rate, share));
}

/** A part of less than one in its span is one in a longer span. */
function shareOf({ counts, spanMs, limit }: Rate, share: number): Rate {
  const part = Math.floor(limit * share);
  if (part >= 1) return { counts, spanMs, limit: part };
  return { counts, spanMs: Math.ceil(spanMs / (limit * share)), limit: 1 };
}
