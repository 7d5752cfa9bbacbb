import { GatewayError } from '../errors/gateway-error.js';
import type { Passer } from '../memory/passing-set.js';
import type { AnswerCopy } from './answer-copy.js';
import type { Fingerprint } from './fingerprint.js';
import { lostAnswer } from './refusals.js';
import { type Reader, SharedAnswer } from './shared-answer.js';

/** How a call ended: what those who ask for the same later are told. */
type Outcome = 'running' | 'answered' | 'failed';

export interface PaidCallOptions {
  readonly first: Reader;
  readonly copy: AnswerCopy;
  readonly fingerprint: Fingerprint;
  /** The request's own idempotency key. */
  readonly key: string | undefined;
  /** Go on when everybody has left, once the request was sent: Recraft charges for it all the same. */
  readonly outlivesReaders: boolean;
  /** Told when nobody waits for it any more, and it goes on. */
  readonly onOrphaned: () => void;
  /** Others that ask for the same get this answer though nobody has lost it. */
  readonly coalesces: boolean;
}

/** One call that is paid once, however often it is asked for. */
export class PaidCall implements Passer {
  place = -1;
  readonly answer: SharedAnswer;
  readonly fingerprint: Fingerprint;
  readonly key: string | undefined;
  outcome: Outcome = 'running';
  /** Somebody has had the whole answer. */
  delivered = false;
  /** When it may be forgotten, in milliseconds of `performance.now()`; undefined while it runs. */
  expiresAt: number | undefined;
  /** What was thrown, where it failed. */
  failure: unknown;
  private mayBeCharged = false;
  /** For those who came later, as few do. */
  private over: PromiseWithResolvers<undefined> | undefined;

  constructor(private readonly options: PaidCallOptions) {
    this.fingerprint = options.fingerprint;
    this.key = options.key;
    options.copy.isPrecious = options.key !== undefined;
    this.answer = new SharedAnswer(options.first, options.copy);
    options.first.call.endsWithCaller = false;
  }

  /** Names it in the log lines of those who were given its answer. */
  get id(): string {
    return this.options.first.call.id;
  }

  get hasFailed(): boolean {
    return this.outcome === 'failed';
  }

  /** Milliseconds until its answer has to be there. */
  get leftMs(): number {
    const { deadlineAt = 0 } = this.options.first.call;
    return Math.max(0, deadlineAt - performance.now());
  }

  /** Nobody waits for it. */
  get isOrphan(): boolean {
    return this.answer.readerCount === 0 && !this.delivered;
  }

  /** Does the work. @throws what the work throws */
  async run(work: (answer: SharedAnswer) => Promise<void>): Promise<void> {
    try {
      await work(this.answer);
      this.outcome = 'answered';
    } catch (error) {
      this.outcome = 'failed';
      this.mayBeCharged = !(error instanceof GatewayError) || error.mayBeCharged;
      this.failure = error;
      throw error;
    } finally {
      this.answer.over();
      this.over?.resolve(undefined);
    }
  }

  /**
   * Gives a later request for the same the answer: what has come of it, then the rest.
   *
   * @throws what the work threw, or GatewayError where the answer is lost
   */
  async readBy(reader: Reader): Promise<void> {
    if (!this.hasFailed && !this.answer.isWhole) throw lostAnswer();
    reader.call.joined = this.id;
    if (!this.hasFailed) this.answer.join(reader);
    if (this.outcome === 'running') await (this.over ??= Promise.withResolvers()).promise;
    if (this.hasFailed) throw this.failure;
  }

  /** Somebody will ask for the answer: it goes before others where memory is short. */
  keepAnswer(): void {
    this.options.copy.isPrecious = true;
  }

  /** Forgets the answer. */
  forget(): void {
    this.options.copy.drop();
  }

  /** A reader's connection has ended. */
  leave(reader: Reader): void {
    this.delivered ||= reader.response.writableFinished && this.outcome === 'answered';
    this.answer.leave(reader);
    const { call } = this.options.first;
    const goesOn = this.options.outlivesReaders && call.times.sentAt !== undefined;
    if (this.outcome !== 'running' || this.answer.readerCount > 0) return;
    if (goesOn) this.options.onOrphaned();
    else call.giveUp();
  }

  /** Whether the same request, asked for again, must not be sent again: it was paid, or may have been. */
  get mustBeKept(): boolean {
    if (this.outcome === 'answered') return this.key !== undefined || !this.delivered || this.options.coalesces;
    return this.mayBeCharged && this.options.first.call.times.sentAt !== undefined;
  }
}
