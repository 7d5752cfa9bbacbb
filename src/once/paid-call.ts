import { GatewayError } from '../errors/gateway-error.js';
import type { Passer } from '../memory/passing-set.js';
import type { AnswerCopy } from './answer-copy.js';
import type { Fingerprint } from './fingerprint.js';
import type { Patience } from './patience.js';
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
  /** Its client says so when it asks again, as it may though the answer went out: it can be lost behind the socket. */
  readonly marksRepeats: boolean;
  /** Go on when everybody has left, once the request was sent: Recraft charges for it all the same. */
  readonly outlivesReaders: boolean;
  /** Told when nobody waits for it any more, and it goes on. */
  readonly onOrphaned: () => void;
  /** For so many milliseconds others that ask for the same get this answer, though they do not say that they ask again. */
  readonly coalesceMs: number;
}

/** One call that is paid once, however often it is asked for. */
export class PaidCall implements Passer {
  place = -1;
  /** Names it in the log lines of those who were given its answer. */
  readonly id: string;
  readonly answer: SharedAnswer;
  readonly fingerprint: Fingerprint;
  readonly key: string | undefined;
  readonly marksRepeats: boolean;
  outcome: Outcome = 'running';
  /** Somebody has had the whole answer. */
  delivered = false;
  /** When it may be forgotten, in milliseconds of `performance.now()`; undefined while it runs. */
  expiresAt: number | undefined;
  /** Its last reader left before it was sent: it ends, and nobody is to wait for that. */
  isGivenUp = false;
  /** What was thrown, where it failed. */
  failure: unknown;
  private settledAt: number | undefined;
  private mayBeCharged = false;
  /** For those who came later, as few do. */
  private over: PromiseWithResolvers<undefined> | undefined;
  private readonly copy: AnswerCopy;
  private readonly coalesceMs: number;
  /** What it needs while it runs: undefined once it is kept, because a request and all that hangs on it would stay with it. */
  private running: Pick<PaidCallOptions, 'first' | 'outlivesReaders' | 'onOrphaned'> | undefined;

  constructor(options: PaidCallOptions) {
    const { first, copy, key, marksRepeats } = options;
    this.running = options;
    this.id = first.call.id;
    this.fingerprint = options.fingerprint;
    this.key = key;
    this.marksRepeats = marksRepeats;
    this.coalesceMs = options.coalesceMs;
    this.copy = copy;
    if (key !== undefined) copy.becomes('owed');
    else if (marksRepeats || options.coalesceMs > 0) copy.becomes('spare');
    this.answer = new SharedAnswer(first, copy);
    first.call.endsWithCaller = false;
  }

  get hasFailed(): boolean {
    return this.outcome === 'failed';
  }

  /** Milliseconds until its answer has to be there. */
  get leftMs(): number {
    const { deadlineAt = 0 } = this.running?.first.call ?? {};
    return Math.max(0, deadlineAt - performance.now());
  }

  /** Nobody waits for it. */
  get isOrphan(): boolean {
    return this.answer.readerCount === 0 && !this.delivered;
  }

  /** It failed, cost nothing, and is kept: whoever asks again after that has nothing to wait for. */
  get isFree(): boolean {
    return this.hasFailed && !this.mayBeCharged && this.expiresAt !== undefined;
  }

  /** Its outcome is kept though it was told: it is the first to go. */
  get isSpare(): boolean {
    return this.key === undefined && !this.isOwed;
  }

  /** It was answered, and the answer is not here any more. */
  get isLost(): boolean {
    return this.outcome === 'answered' && !this.answer.isWhole;
  }

  /** Bytes of the answer's copy. */
  get copySize(): number {
    return this.copy.size;
  }

  /** Whether those who ask for the same without saying that they ask again get its answer, where the operator wants that. */
  get coalesces(): boolean {
    if (this.isFree) return false;
    if (this.settledAt === undefined || !this.delivered) return true;
    return performance.now() < this.settledAt + this.coalesceMs;
  }

  /** Whether it has been kept long enough. */
  isOver(now: number): boolean {
    return this.expiresAt !== undefined && this.expiresAt <= now;
  }

  /** Does the work. @throws what the work throws */
  async run(work: (answer: SharedAnswer) => Promise<void>): Promise<void> {
    try {
      await work(this.answer);
      this.outcome = 'answered';
    } catch (error) {
      this.outcome = 'failed';
      this.mayBeCharged = !(error instanceof GatewayError) || error.mayBeCharged;
      this.mayBeCharged &&= this.running?.first.call.times.sentAt !== undefined;
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
   * @throws what the work threw, or GatewayError where the answer is lost or the reader's own time is over
   */
  async readBy(reader: Reader, patience: Patience): Promise<void> {
    if (!this.hasFailed && !this.answer.isWhole) throw lostAnswer();
    reader.call.joined = this.id;
    if (!this.hasFailed) this.answer.join(reader);
    if (this.outcome === 'running') await patience.waitFor((this.over ??= Promise.withResolvers()).promise);
    if (this.hasFailed) throw this.failure;
  }

  /** Somebody will ask for the answer: it goes before others where memory is short. */
  keepAnswer(): void {
    this.copy.becomes('owed');
  }

  /** Stays for so long, with its outcome alone. */
  settle(milliseconds: number): void {
    this.settledAt = performance.now();
    this.expiresAt = this.settledAt + milliseconds;
    this.running = undefined;
    this.fingerprint.settle();
    this.copy.settle();
  }

  /** Its outcome is of no use any more. */
  expire(): void {
    this.expiresAt = 0;
  }

  /** Forgets the answer. */
  forget(): void {
    this.copy.drop();
  }

  /** A reader's connection has ended. */
  leave(reader: Reader): void {
    this.delivered ||= reader.response.writableFinished && this.outcome === 'answered';
    this.answer.leave(reader);
    if (!this.running || this.outcome !== 'running' || this.answer.readerCount > 0) return;
    const { first, outlivesReaders, onOrphaned } = this.running;
    const { times, mayBeCharged } = first.call;
    if (outlivesReaders && times.sentAt !== undefined) {
      onOrphaned();
      return;
    }
    this.isGivenUp = times.sentAt === undefined && !mayBeCharged;
    first.call.giveUp();
  }

  /** It was paid, or may have been, and nobody has had its answer. */
  get isOwed(): boolean {
    return this.outcome === 'answered' ? !this.delivered : this.mayBeCharged;
  }

  /** Whether the same request, asked for again, must not be sent again. */
  get mustBeKept(): boolean {
    if (this.isOwed) return true;
    return this.outcome === 'answered' && (this.key !== undefined || this.marksRepeats || this.coalesceMs > 0);
  }
}
