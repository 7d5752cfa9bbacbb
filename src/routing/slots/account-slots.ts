import { GatewayError } from '../../errors/gateway-error.js';
import { FairQueue, type Waiting } from './fair-queue.js';
import type { Grant, SlotClock } from './slot-clock.js';
import { WakeUp } from './wake-up.js';

/** A request that asks for a slot. */
export interface Wish extends Waiting {
  readonly signal: AbortSignal;
  /** When waiting has no sense any more, in milliseconds of `performance.now()`. */
  readonly waitUntil: number;
}

/** A request's place at the provider. */
export interface Slot {
  /** The request is being written. */
  readonly sent: () => void;
  /** The request is over. */
  readonly leave: () => void;
  /** The request is not sent after all; nothing else is called then. */
  readonly giveBack: () => void;
}

/** The account was taken out of service while a request waited for it: it can go elsewhere. */
export class SentElsewhere extends Error {
  override readonly name = 'SentElsewhere';
}

export interface SlotRules {
  /** Undefined: any rate. */
  readonly clock: SlotClock | undefined;
  /** Requests under way at once; 0: any number. */
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

const NO_LIMIT: Slot = { sent: doNothing, leave: doNothing, giveBack: doNothing };
const FREE_GRANT: Grant = { taken: true, waitMs: 0, sent: doNothing, giveBack: doNothing };

/** The slots of one account, and who waits for them. */
export class AccountSlots {
  private readonly queue = new FairQueue<Waiter>();
  private readonly changed = new WakeUp();
  private imagesWaiting = 0;
  private headImages = 0;
  private inFlight = 0;
  private isServing = false;

  constructor(private readonly rules: SlotRules) {}

  get waiting(): number {
    return this.queue.length;
  }

  /** Requests under way that hold a slot; none are held where there is no limit. */
  get inUse(): number {
    return this.inFlight;
  }

  /** Milliseconds until the account takes requests again after it was found too fast. */
  get pausedMs(): number {
    return this.rules.clock?.pausedMs ?? 0;
  }

  /** Requests that could be sent now: endless without a limit. */
  get left(): number {
    const { clock, parallel } = this.rules;
    return Math.min(clock?.slotsLeft ?? Infinity, parallel > 0 ? parallel - this.inFlight : Infinity);
  }

  /** Tells that the provider found a request too many. */
  backOff(sentAt: number, retryAfterMs: number): void {
    this.rules.clock?.backOff(sentAt, retryAfterMs);
  }

  /** Milliseconds that a request would wait, at least. */
  leastWaitMs(wish: Waiting): number {
    const { length } = this.queue;
    const ahead = length === 0 ? 0 : this.queue.ahead(wish);
    // What makes no picture passes those that wait for pictures.
    const imagesAhead = ahead === 0 || wish.images === 0 ? 0 : Math.round((ahead * this.imagesWaiting) / length);
    return this.rules.clock?.leastWaitMs(ahead + 1, imagesAhead + wish.images) ?? 0;
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
    if (this.queue.length === 0 && !this.isServing && !this.isFull) {
      const grant = clock?.take(wish.images) ?? FREE_GRANT;
      if (grant instanceof Promise) return this.enterBy(grant, wish);
      if (grant.taken && grant.waitMs === 0) return this.hold(grant);
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

  private get isFull(): boolean {
    return this.rules.parallel > 0 && this.inFlight >= this.rules.parallel;
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
    if (grant.taken && grant.waitMs === 0 && !wish.signal.aborted && !this.isFull) {
      this.serve();
      return this.hold(grant);
    }
    if (grant.taken) grant.giveBack();
    const slot = this.wait(wish);
    this.serve();
    return slot;
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
    if (this.queue.length < this.rules.queueSize && now + this.leastWaitMs(wish) <= wish.waitUntil) return;
    const why = this.queue.length < this.rules.queueSize ? 'would wait longer than it may' : 'finds the queue full';
    throw this.queueFull(`Too many requests wait for Recraft: this one ${why}.`, wish);
  }

  private tooLate(wish: Wish, waitedMs: number): GatewayError {
    return this.queueFull(`No slot of Recraft's came free within ${Math.round(waitedMs)} ms.`, wish);
  }

  private queueFull(message: string, wish: Waiting): GatewayError {
    const seconds = Math.ceil(this.leastWaitMs(wish) / 1000);
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
      if (this.isFull) await this.changed.wait();
      else await this.serveNext(head);
    }
  }

  private async serveNext(head: Waiter): Promise<void> {
    const { images } = head;
    const grant = await (this.rules.clock?.take(images) ?? FREE_GRANT);
    if (grant.taken) {
      if (grant.waitMs > 0) await new Promise((resolve) => setTimeout(resolve, Math.ceil(grant.waitMs)));
      this.hand(grant, images);
      return;
    }
    // Where pictures have run out, what makes none still goes through.
    const free = images > 0 && this.queue.next((waiter) => waiter.images === 0) !== undefined;
    const other = free ? await (this.rules.clock?.take(0) ?? FREE_GRANT) : undefined;
    if (other?.taken === true && other.waitMs === 0) {
      this.hand(other, 0);
      return;
    }
    if (other?.taken === true) other.giveBack();
    if (this.queue.length === 0) return;
    this.headImages = images;
    await this.changed.wait(grant.waitMs);
    this.headImages = 0;
  }

  /** Gives a slot to whose turn it is now: the one it was asked for may have left. */
  private hand(grant: Grant, images: number): void {
    const waiter = this.isFull ? undefined : this.queue.next((candidate) => candidate.images <= images);
    if (!waiter) {
      grant.giveBack();
      return;
    }
    this.queue.serve(waiter);
    this.dismiss(waiter);
    this.rules.onServed?.(performance.now() - waiter.since);
    waiter.resolve(this.hold(grant));
  }

  private dismiss({ images, stopListening }: Waiter): void {
    this.imagesWaiting -= images;
    stopListening();
    // Nobody is slept for any more.
    if (this.queue.length === 0) this.changed.call();
  }

  private hold(grant: Grant): Slot {
    this.inFlight++;
    const leave = (): void => {
      this.inFlight--;
      if (this.rules.parallel > 0) this.changed.call();
    };
    return {
      sent: () => {
        grant.sent();
      },
      leave,
      giveBack: () => {
        grant.giveBack();
        leave();
      },
    };
  }
}

function doNothing(): void {
  // There is nothing to give back.
}
