import { randomUUID } from 'node:crypto';
import type { Redis } from '../../redis/redis.js';
import type { LocalSlotClock } from './local-slot-clock.js';
import type { Grant, Rate, SlotClock } from './slot-clock.js';
import { SLOTS_SCRIPT } from './slots-script.js';

/**
 * How far ahead a slot may be taken. Instances that wait take theirs in turn, each one at a time; what lies further ahead
 * than the next second, where pictures have run out, is asked for again.
 */
const AHEAD_MS = 1_100;

/** The slots of an account that several instances share through Redis. While it does not answer, each goes by its own clock. */
export class SharedSlotClock implements SlotClock {
  private readonly keys: readonly string[];
  private pausedUntil = Number.NEGATIVE_INFINITY;
  private lastLeft: number;

  /**
   * @param account a name of the account that tells no secret
   * @param local this instance's own clock, with its part of the slots
   * @param onLocal told whenever a slot is given out without Redis
   */
  constructor(
    account: string,
    private readonly rates: readonly Rate[],
    private readonly redis: Redis,
    private readonly local: LocalSlotClock,
    private readonly onLocal: () => void,
  ) {
    // One hash slot of a cluster, because one script uses them all.
    const name = `slots:{${account}}`;
    this.keys = [`${name}:pause`, ...rates.map(({ counts, spanMs }) => `${name}:${counts}:${spanMs}`)];
    this.lastLeft = Math.min(...rates.map(({ limit }) => limit));
  }

  get pausedMs(): number {
    return Math.max(0, this.pausedUntil - performance.now(), this.local.pausedMs);
  }

  get slotsLeft(): number {
    return this.lastLeft;
  }

  async take(images: number): Promise<Grant> {
    if (!this.redis.isUp) return this.takeLocally(images);
    const id = randomUUID();
    const amounts = this.rates.map(({ counts }) => (counts === 'images' ? images : 1));
    const terms = this.rates.flatMap(({ spanMs, limit, counts }, index) => [
      spanMs,
      limit,
      amounts[index] ?? 0,
      counts === 'requests' ? 1 : 0,
    ]);
    let answer: [taken: number, waitMs: string, left: number, pauseMs: string];
    try {
      answer = (await this.run('take', id, AHEAD_MS, ...terms)) as typeof answer;
    } catch {
      return this.takeLocally(images); // The connection itself logs that Redis is down.
    }
    return this.grantOf(answer, id, images, amounts);
  }

  leastWaitMs(requests: number, images: number): number {
    const waits = this.rates.map(({ counts, limit, spanMs }) => {
      const amount = counts === 'images' ? images : requests;
      return Math.max(0, Math.ceil(amount / limit) - 1) * (spanMs + this.local.marginMs);
    });
    return Math.max(this.pausedMs, ...waits);
  }

  backOff(sentAt: number, retryAfterMs: number): void {
    this.local.backOff(sentAt, retryAfterMs);
    const ageMs = performance.now() - sentAt;
    this.tell('pause', '', ageMs, retryAfterMs);
  }

  private grantOf(
    [taken, waitMs, left, pauseMs]: readonly [taken: number, waitMs: string, left: number, pauseMs: string],
    id: string,
    images: number,
    amounts: readonly number[],
  ): Grant {
    this.lastLeft = left;
    this.pausedUntil = performance.now() + Number(pauseMs);
    if (taken === 0) return { taken: false, waitMs: Number(waitMs), sent: doNothing, giveBack: doNothing };
    // What is sent now counts for the own clock too, should Redis go away in the next minute.
    const own = this.local.record(images);
    return {
      taken: true,
      waitMs: Number(waitMs),
      sent: () => {
        own.sent();
        this.tell('sent', id, ...amounts);
      },
      giveBack: () => {
        own.giveBack();
        this.tell('back', id, ...amounts);
      },
    };
  }

  private takeLocally(images: number): Grant {
    const grant = this.local.take(images);
    if (grant.taken) this.onLocal();
    return grant;
  }

  /** Without waiting: a slot that is not set right counts from when it was taken. */
  private tell(todo: string, id: string, ...values: readonly number[]): void {
    if (this.redis.isUp) void this.run(todo, id, ...values).catch(doNothing);
  }

  private run(todo: string, id: string, ...values: readonly number[]): Promise<unknown> {
    return this.redis.run(SLOTS_SCRIPT, this.keys, [todo, id, ...values]);
  }
}

function doNothing(): void {
  // No slot was taken, or nothing depends on it.
}
