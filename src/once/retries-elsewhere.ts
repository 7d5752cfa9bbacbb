import type { Logger } from 'pino';
import type { Dispatched, Dispatches } from '../spend/dispatches.js';
import type { AnswerStore, KeyedRequest, StoredCall } from './answer-store.js';
import type { PaidCall } from './paid-call.js';
import { failureOf, lostCall } from './refusals.js';

/** How often a retry looks whether the call that it waits for has ended without a word. */
const LOOK_AGAIN_MS = 500;
/** How long it may take to store an answer once it is there. */
const STORING_MS = 10_000;
/** How long an answer that its own caller has is kept for the retry that waits for it. */
const WAITED_FOR_MS = 10_000;
/** An answer that its own caller has is stored up to so many bytes: those with links are far below, those with pictures above. */
const MOST_STORED = 16_384;

/** A request without an idempotency key that says it was sent before. */
export interface Retry {
  readonly scope: string;
  readonly fingerprint: string;
  /** What it is found by among the calls under way (Fingerprint.glance). */
  readonly print: string;
  readonly signal: AbortSignal;
}

/**
 * Lets a retry without an idempotency key come to another replica than the one that has its call. Nothing is written beside a
 * call's dispatch, until its caller has left or a retry asks for it: then its answer is stored. What a client was given that marks its
 * repeats is stored too, as it may be lost behind the socket.
 */
export class RetriesElsewhere {
  private readonly offers = new Map<PaidCall, Promise<KeyedRequest | undefined>>();
  private readonly wanted = new WeakSet<PaidCall>();

  /**
   * @param windowMs how long a retry may take to come
   */
  constructor(
    private readonly store: AnswerStore,
    private readonly dispatches: Dispatches,
    private readonly windowMs: number,
    private readonly logger: Logger,
  ) {}

  /**
   * What became of the call that a retry repeats; undefined where there is none, or it cost nothing. Waits while it runs.
   *
   * @throws GatewayError where it may have been charged and will never be known; the signal's reason where the caller left
   */
  async outcomeOf(retry: Retry): Promise<StoredCall | undefined> {
    const request = { scope: retry.scope, key: keyOf(retry.fingerprint) };
    let awaited: Dispatched | undefined;
    for (;;) {
      const stored = await this.store.find(request);
      if (stored) {
        const outcome = await this.ended(request, stored, retry.signal);
        if (outcome) return outcome;
        continue; // It cost nothing, or its own caller has the answer.
      }
      const dispatched = await this.dispatches.find(retry.print);
      if (dispatched?.isLost === false) {
        awaited = dispatched;
        await this.store.news.want(dispatched.requestId, retry.signal, LOOK_AGAIN_MS);
        continue;
      }
      const received = await this.store.find({ scope: retry.scope, key: receivedKeyOf(retry.fingerprint) });
      if (received) return received;
      if (dispatched ?? (awaited && (await this.dispatches.isInDoubt(awaited.requestId)))) throw lostCall();
      return undefined;
    }
  }

  /** Nobody reads a call's answer here any more: a retry may come anywhere. */
  offer(scope: string, call: PaidCall): void {
    if (!this.offers.has(call)) this.offers.set(call, this.claim(scope, call));
  }

  /** A retry waits for a call at another replica. */
  want(scope: string, call: PaidCall): void {
    this.wanted.add(call);
    call.keepAnswer();
    this.offer(scope, call);
  }

  /** Stores what became of a call where somebody may ask for it, and else makes room for other calls. Never rejects. */
  conclude(scope: string, call: PaidCall): Promise<void> | undefined {
    if (call.isOwed) this.offer(scope, call);
    return mayBeLost(call) || this.offers.has(call) ? this.tell(scope, call) : undefined;
  }

  private async tell(scope: string, call: PaidCall): Promise<void> {
    const request = await this.offers.get(call);
    this.offers.delete(call);
    try {
      if (request) await this.write(request, call);
      if (mayBeLost(call)) await this.keepReceived(scope, call);
    } catch (error) {
      this.noteFailure(error);
    }
  }

  private async keepReceived(scope: string, call: PaidCall): Promise<void> {
    const fingerprint = await call.fingerprint.make();
    const request = {
      scope,
      key: receivedKeyOf(fingerprint),
      fingerprint,
      requestId: call.id,
      lifetimeMs: this.windowMs,
    };
    await this.store.keep(request, call.answer.stored(MOST_STORED));
  }

  private write(request: KeyedRequest, call: PaidCall): Promise<void> {
    if (call.isOwed) {
      return call.hasFailed
        ? this.store.failed(request, failureOf(call.failure))
        : this.store.answered(request, call.answer.stored());
    }
    if (call.hasFailed || !this.wanted.has(call)) return this.store.giveBack(request);
    return this.store.answered({ ...request, lifetimeMs: WAITED_FOR_MS }, call.answer.stored());
  }

  private ended(
    request: Pick<KeyedRequest, 'scope' | 'key'>,
    stored: StoredCall,
    signal: AbortSignal,
  ): StoredCall | Promise<StoredCall | undefined> {
    return stored.state !== 'running' || stored.isAbandoned ? stored : this.store.outcomeOf(request, stored, signal);
  }

  private async claim(scope: string, call: PaidCall): Promise<KeyedRequest | undefined> {
    try {
      const fingerprint = await call.fingerprint.make();
      const request = {
        scope,
        key: keyOf(fingerprint),
        fingerprint,
        requestId: call.id,
        runningMs: call.leftMs + STORING_MS,
        lifetimeMs: this.windowMs,
      };
      return (await this.store.offer(request)) ? request : undefined;
    } catch (error) {
      this.noteFailure(error);
      return undefined;
    }
  }

  /** What other replicas are not told, they cannot know; the call's own caller is not concerned. */
  private noteFailure(error: unknown): void {
    this.logger.error({ err: error }, 'an answer cannot be stored for a retry at another replica');
  }
}

/** Its answer went out, to a client that will ask again where it was lost behind the socket. */
function mayBeLost({ delivered, marksRepeats }: PaidCall): boolean {
  return delivered && marksRepeats;
}

/** No client's key begins like this: one with a space in it is kept in quotes (idempotency-key.ts). */
function keyOf(fingerprint: string): string {
  return `retry ${fingerprint}`;
}

function receivedKeyOf(fingerprint: string): string {
  return `received ${fingerprint}`;
}
