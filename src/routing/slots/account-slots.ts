import { GatewayError } from '../../errors/gateway-error.js';
import type { EndSignal } from '../../telemetry/leaving.js';
import { FairQueue, type Waiting } from './fair-queue.js';
import { Places } from './places.js';
import type { Grant, SlotClock } from './slot-clock.js';
import { WakeUp } from './wake-up.js';

/** A request that asks for a slot. */
export interface Wish extends Waiting {
  readonly signal: EndSignal;
  /** When waiting has no sense any more, in milliseconds of `performance.now()`. */
  readonly waitUntil: number;
  /** When its call is over at the latest, by the same clock; undefined: with the wait. */
  readonly endsAt?: number;
  /** How long a call usually takes, in milliseconds; undefined where that is not known. */
  readonly usualMs?: number | undefined;
  /** Whether another account would serve it sooner, as far as is known now. */
  readonly isSoonerElsewhere?: (() => boolean) | undefined;
}

/** A request's place at the provider. */
export interface Slot {
  /** The request is being written, or was. */
  readonly sent: () => void;
  /** The request is over. */
  readonly leave: () => void;
  /** The request is not sent after all; nothing else is called then. */
  readonly giveBack: () => void;
}

/** The account was taken out of service while a request waited for it, or turned out to be busy: it can go elsewhere. */
export class SentElsewhere extends Error {
  override readonly name = 'SentElsewhere';
}

export interface SlotRules {
  /** Undefined: any rate. */
  readonly clock: SlotClock | undefined;
  /** Requests under way at once in this process, unless instances share them; 0: any number. */
  readonly parallel: number;
  readonly queueSize: number;
  /** Told how long a request waited, in milliseconds. */
  readonly onServed?: (waitedMs: number) => void;
}

interface Waiter extends Wish {
  readonly since: number;
  readonly resolve: (slot: Slot) => void;
  readonly reject: (reason: unknown) => void;
  readonly stopListening: () => void;
}

/** The first requests open connections, and arrive so much later than they were written, in milliseconds. */
const COLD_MS = 100;
/** How long after the first one. */
const COLD_SPAN_MS = 1_000;

const TOO_LONG = 'would wait longer than it may';

const NO_LIMIT: Slot = { sent: doNothing, leave: doNothing, giveBack: doNothing };
const FREE_GRANT: Grant = { taken: true, waitMs: 0, sent: doNothing, giveBack: doNothing, leave: doNothing };

/** The slots of one account, and who waits for them. */
export class AccountSlots {
  private readonly queue = new FairQueue<Waiter>();
  private readonly changed = new WakeUp();
  private imagesWaiting = 0;
  private headImages = 0;
  private readonly places: Places;
  private isServing = false;
  private coldUntil: number | undefined;

  constructor(private readonly rules: SlotRules) {
    this.places = new Places(rules.parallel, () => rules.clock?.sharedPlaces);
  }

  get waiting(): number {
    return this.queue.length;
  }

  /** Requests under way that hold a slot; none are held where there is no limit. */
  get inUse(): number {
    return this.places.taken;
  }

  /** Milliseconds until the account takes requests again after it was found too fast. */
  get pausedMs(): number {
    return this.rules.clock?.pausedMs ?? 0;
  }

  /** Requests that could be sent now: endless without a limit. */
  get left(): number {
    return Math.min(this.rules.clock?.slotsLeft ?? Infinity, this.places.left);
  }

  /** Tells that the provider found a request too many. */
  backOff(sentAt: number, retryAfterMs: number): void {
    this.rules.clock?.backOff(sentAt, retryAfterMs);
  }

  /**
   * Milliseconds that a request would wait, at least; where it waits for another one to end, about as long.
   *
   * @param usualMs how long a call usually takes; undefined where that is not known
   */
  leastWaitMs(wish: Waiting, usualMs?: number): number {
    const { length } = this.queue;
    const ahead = length === 0 ? 0 : this.queue.ahead(wish);
    // What makes no picture passes those that wait for pictures.
    const imagesAhead = ahead === 0 || wish.images === 0 ? 0 : Math.round((ahead * this.imagesWaiting) / length);
    const slotMs = this.rules.clock?.leastWaitMs(ahead + 1, imagesAhead + wish.images) ?? 0;
    return Math.max(slotMs, this.places.waitMs(ahead, usualMs));
  }

  /**
   * A slot, at once where one is free.
   *
   * @throws GatewayError `queueFull` at once where it would come too late, or once it has;
   *   SentElsewhere; the signal's reason where the caller left
   */
  enter(wish: Wish): Slot | Promise<Slot> {
    const { clock, parallel } = this.rules;
    if (clock === undefined && parallel === 0) return NO_LIMIT;
    if (this.queue.length === 0 && !this.isServing && !this.places.isFull) {
      const grant = clock?.take(wish.images, endOf(wish)) ?? FREE_GRANT;
      if (grant instanceof Promise) return this.enterBy(grant, wish);
      if (grant.taken && grant.waitMs === 0) return this.hold(grant, wish);
      if (grant.taken) grant.giveBack();
    }
    return this.wait(wish);
  }

  /** Sends everybody who waits away. */
  scatter(reason: Error): void {
    for (const waiter of this.queue.clear()) {
      this.dismiss(waiter);
      waiter.reject(reason);
    }
    this.changed.call();
  }

  /** Where the clock is asked over a network, everybody waits in the queue meanwhile, this one in front. */
  private async enterBy(asked: Promise<Grant>, wish: Wish): Promise<Slot> {
    this.isServing = true;
    let grant: Grant;
    try {
      grant = await asked;
    } finally {
      this.isServing = false;
    }
    if (grant.taken && grant.waitMs === 0 && !wish.signal.aborted && !this.places.isFull) {
      this.serve();
      return this.hold(grant, wish);
    }
    if (grant.taken) grant.giveBack();
    this.serve();
    // What was not known of the account when it was chosen is known now.
    if (!grant.taken && wish.isSoonerElsewhere?.() === true) throw new SentElsewhere('Another account is sooner.');
    return this.wait(wish);
  }

  private wait(wish: Wish): Promise<Slot> {
    const now = performance.now();
    this.refuseHopeless(wish, now);
    return new Promise<Slot>((resolve, reject) => {
      const giveUp = (reason: Error): void => {
        if (!this.queue.remove(waiter)) return;
        this.dismiss(waiter);
        reject(reason);
      };
      const onAbort = (): void => {
        giveUp(wish.signal.reason as Error);
      };
      const timer = setTimeout(() => giveUp(this.tooLate(wish, performance.now() - now)), wish.waitUntil - now);
      const stopListening = (): void => {
        clearTimeout(timer);
        wish.signal.removeEventListener('abort', onAbort);
      };
      const waiter: Waiter = { ...wish, since: now, resolve, reject, stopListening };
      this.queue.add(waiter);
      this.imagesWaiting += wish.images;
      wish.signal.addEventListener('abort', onAbort, { once: true });
      if (wish.signal.aborted) onAbort();
      else if (wish.images < this.headImages) this.changed.call();
      this.serve();
    });
  }

  private refuseHopeless(wish: Wish, now: number): void {
    if (this.queue.length < this.rules.queueSize && now + this.leastWaitMs(wish, wish.usualMs) <= wish.waitUntil)
      return;
    const why = this.queue.length < this.rules.queueSize ? TOO_LONG : 'finds the queue full';
    throw this.tooMany(why, wish);
  }

  /** Sends away who waits for what comes too late, now that it is known when it comes. */
  private refuseWithoutHope(): void {
    const now = performance.now();
    for (const waiter of this.queue.all()) {
      const waitMs = this.rules.clock?.leastWaitMs(1, waiter.images) ?? 0;
      if (now + waitMs <= waiter.waitUntil || !this.queue.remove(waiter)) continue;
      this.dismiss(waiter);
      waiter.reject(this.tooMany(TOO_LONG, waiter));
    }
  }

  private tooMany(why: string, wish: Wish): GatewayError {
    return this.queueFull(`Too many requests wait for Recraft: this one ${why}.`, wish);
  }

  private tooLate(wish: Wish, waitedMs: number): GatewayError {
    return this.queueFull(`No slot of Recraft's came free within ${Math.round(waitedMs)} ms.`, wish);
  }

  private queueFull(message: string, wish: Wish): GatewayError {
    const seconds = Math.ceil(this.leastWaitMs(wish, wish.usualMs) / 1000);
    return new GatewayError('queueFull', message, { retryAfterSeconds: Math.min(Math.max(seconds, 1), 59) });
  }

  private serve(): void {
    if (this.isServing || this.queue.length === 0) return;
    this.isServing = true;
    void this.serveAll().finally(() => {
      this.isServing = false;
      this.serve();
    });
  }

  private async serveAll(): Promise<void> {
    for (;;) {
      const head = this.queue.next();
      if (!head) return;
      if (this.places.isFull) await this.changed.wait();
      else await this.serveNext(head);
    }
  }

  private async serveNext(head: Waiter): Promise<void> {
    const { images } = head;
    const grant = await (this.rules.clock?.take(images, endOf(head)) ?? FREE_GRANT);
    if (grant.taken) {
      if (grant.waitMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.ceil(grant.waitMs)));
      this.hand(grant, images);
      return;
    }
    // Where pictures have run out, what makes none still goes through.
    const free = images > 0 && this.queue.next((waiter) => waiter.images === 0) !== undefined;
    const other = free ? await (this.rules.clock?.take(0, endOf(head)) ?? FREE_GRANT) : undefined;
    if (other?.taken === true && other.waitMs === 0) {
      this.hand(other, 0);
      return;
    }
    if (other?.taken === true) other.giveBack();
    this.refuseWithoutHope();
    if (this.queue.length === 0) return;
    this.headImages = images;
    await this.changed.wait(grant.waitMs);
    this.headImages = 0;
  }

  /** Gives a slot to whose turn it is now: the one it was asked for may have left. */
  private hand(grant: Grant, images: number): void {
    const waiter = this.places.isFull ? undefined : this.queue.next((candidate) => candidate.images <= images);
    if (!waiter) {
      grant.giveBack();
      return;
    }
    this.queue.serve(waiter);
    this.dismiss(waiter);
    this.rules.onServed?.(performance.now() - waiter.since);
    waiter.resolve(this.hold(grant, waiter));
  }

  private dismiss({ images, stopListening }: Waiter): void {
    this.imagesWaiting -= images;
    stopListening();
    // Nobody is slept for any more.
    if (this.queue.length === 0) this.changed.call();
  }

  private get isCold(): boolean {
    if (this.coldUntil === 0) return false;
    const now = performance.now();
    this.coldUntil ??= now + COLD_SPAN_MS;
    if (now < this.coldUntil) return true;
    this.coldUntil = 0;
    return false;
  }

  private sentLater(grant: Grant, wish: Wish): void {
    setTimeout(() => {
      grant.sent(endOf(wish));
    }, COLD_MS).unref();
  }

  private hold(grant: Grant, wish: Wish): Slot {
    const leave = this.places.enter();
    const over = (): void => {
      leave();
      if (this.rules.parallel > 0) this.changed.call();
    };
    return {
      sent: () => {
        grant.sent(endOf(wish));
        if (this.isCold) this.sentLater(grant, wish);
      },
      leave: () => {
        grant.leave();
        over();
      },
      giveBack: () => {
        grant.giveBack();
        over();
      },
    };
  }
}

function endOf({ endsAt, waitUntil }: Wish): number {
  return endsAt ?? waitUntil;
}

function doNothing(): void {
  // There is nothing to give back.
}
