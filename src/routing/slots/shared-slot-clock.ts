import { randomUUID } from 'node:crypto';
import type { Redis } from '../../redis/redis.js';
import { LocalSlotClock } from './local-slot-clock.js';
import type { Grant, Rate, SharedPlaces, SlotClock } from './slot-clock.js';
import { SLOTS_SCRIPT } from './slots-script.js';
import type { ToldUse } from './usage-window.js';

/**
 * How far ahead a slot may be taken. Instances that wait take theirs in turn, each one at a time; what lies further ahead
 * than the next second, where pictures have run out, is asked for again.
 */
const AHEAD_MS = 1_100;
/** How long it is believed how many requests of other instances are under way. */
const BELIEVED_MS = 1_000;

type Answer = readonly [taken: number, waitMs: string, pauseMs: string, placesTaken: number, ...uses: number[][]];

/** What instances share of an account. */
export interface SharedLimits {
  readonly rates: readonly Rate[];
  /** Requests under way at once; 0: any number. */
  readonly places: number;
}

/** The slots of an account that several instances share through Redis. While it does not answer, each goes by its own clock. */
export class SharedSlotClock implements SlotClock {
  private readonly keys: readonly string[];
  private readonly instance = randomUUID();
  /** What Redis told last, and what was taken since: what a request would wait is estimated by it. */
  private readonly known: LocalSlotClock;
  /** Places that are free, which Redis could not be told. */
  private readonly toLeave = new Set<string>();
  private readonly held = new Set<string>();
  private elsewhere = 0;
  private elsewhereUntil = 0;

  /**
   * @param account a name of the account that tells no secret
   * @param local this instance's own clock, with its part of the slots
   * @param onLocal told whenever a slot is given out without Redis
   */
  constructor(
    account: string,
    private readonly limits: SharedLimits,
    private readonly redis: Redis,
    private readonly local: LocalSlotClock,
    private readonly onLocal: () => void,
  ) {
    // One hash slot of a cluster, because one script uses them all.
    const name = `slots:{${account}}`;
    const rates = limits.rates.map(({ counts, spanMs }) => `${name}:${counts}:${spanMs}`);
    this.keys = [`${name}:pause`, `${name}:places`, `${name}:waiting`, ...rates];
    this.known = new LocalSlotClock(limits.rates);
  }

  get pausedMs(): number {
    return Math.max(this.known.pausedMs, this.local.pausedMs);
  }

  get slotsLeft(): number {
    return this.redis.isUp ? this.known.slotsLeft : this.local.slotsLeft;
  }

  get sharedPlaces(): SharedPlaces | undefined {
    if (this.limits.places === 0 || !this.redis.isUp) return undefined;
    return { limit: this.limits.places, elsewhere: performance.now() < this.elsewhereUntil ? this.elsewhere : 0 };
  }

  async take(images: number, endsAt: number): Promise<Grant> {
    if (!this.redis.isUp) return this.takeLocally(images);
    for (const id of this.toLeave) this.leave(id);
    const id = randomUUID();
    const amounts = this.limits.rates.map(({ counts }) => (counts === 'images' ? images : 1));
    const terms = this.limits.rates.flatMap(({ spanMs, limit, counts }, index) => [
      spanMs,
      limit,
      amounts[index] ?? 0,
      counts === 'requests' ? 1 : 0,
    ]);
    let answer: Answer;
    try {
      const { places } = this.limits;
      answer = (await this.run('take', id, AHEAD_MS, this.instance, places, heldMs(endsAt), ...terms)) as Answer;
    } catch {
      // The connection itself logs that Redis is down; it may have given out the place all the same.
      if (this.limits.places > 0) this.toLeave.add(id);
      return this.takeLocally(images);
    }
    return this.grantOf(answer, id, images, amounts);
  }

  leastWaitMs(requests: number, images: number): number {
    if (!this.redis.isUp) return this.local.leastWaitMs(requests, images);
    return Math.max(this.known.leastWaitMs(requests, images), this.local.pausedMs);
  }

  backOff(sentAt: number, retryAfterMs: number): void {
    this.local.backOff(sentAt, retryAfterMs);
    const ageMs = performance.now() - sentAt;
    this.tell('pause', '', ageMs, retryAfterMs);
  }

  private grantOf(
    [taken, waitMs, pauseMs, placesTaken, ...uses]: Answer,
    id: string,
    images: number,
    amounts: readonly number[],
  ): Grant {
    this.known.learn(uses.map(usesOf), Number(pauseMs));
    this.elsewhere = Math.max(0, placesTaken - this.held.size);
    this.elsewhereUntil = performance.now() + BELIEVED_MS;
    const wait = Number(waitMs);
    if (taken === 0) return { taken: false, waitMs: wait, sent: doNothing, giveBack: doNothing, leave: doNothing };
    if (this.limits.places > 0) this.held.add(id);
    // What is sent now counts for the own clock too, should Redis go away in the next minute.
    const records = [this.local.record(images), this.known.record(images, wait)];
    return {
      taken: true,
      waitMs: wait,
      sent: (endsAt) => {
        for (const record of records) record.sent(endsAt);
        this.tell('sent', id, heldMs(endsAt), ...amounts);
      },
      giveBack: () => {
        for (const record of records) record.giveBack();
        this.tell('back', id, 0, ...amounts);
        this.leave(id);
      },
      leave: () => {
        this.leave(id);
      },
    };
  }

  private takeLocally(images: number): Grant {
    const grant = this.local.take(images);
    if (grant.taken) this.onLocal();
    return grant;
  }

  /** Gives a place back: as soon as Redis can be told, or it would be held until its call's time is over. */
  private leave(id: string): void {
    if (this.limits.places === 0) return;
    this.held.delete(id);
    this.toLeave.delete(id);
    if (!this.redis.isUp) {
      this.toLeave.add(id);
      return;
    }
    void this.run('leave', id).catch(() => {
      this.toLeave.add(id);
    });
  }

  /** Without waiting: a slot that is not set right counts from when it was taken. */
  private tell(todo: string, id: string, ...values: readonly number[]): void {
    if (this.redis.isUp) void this.run(todo, id, ...values).catch(doNothing);
  }

  private run(todo: string, id: string, ...values: readonly (string | number)[]): Promise<unknown> {
    return this.redis.run(SLOTS_SCRIPT, this.keys, [todo, id, ...values]);
  }
}

/** The script tells the latest first: how long it counts, and how much it is. */
function usesOf(told: readonly number[]): ToldUse[] {
  const uses: ToldUse[] = [];
  for (let index = told.length - 2; index >= 0; index -= 2) {
    uses.push({ endsInMs: told[index] ?? 0, amount: told[index + 1] ?? 0 });
  }
  return uses;
}

function heldMs(endsAt: number): number {
  return Math.max(1, Math.ceil(endsAt - performance.now()));
}

function doNothing(): void {
  // No slot was taken, or nothing depends on it.
}
