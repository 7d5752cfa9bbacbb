import type { Caller } from '../keys/caller.js';
import type { CheckedKey } from '../keys/caller-check.js';
import type { CallTrace } from './call-trace.js';
import { type EndSignal, Leaving } from './leaving.js';

/** Times of one upstream call, milliseconds of `performance.now()`. */
export interface UpstreamTimes {
  sentAt: number | undefined;
  firstByteAt: number | undefined;
  /** Told when the request is being written, and again when it was, where that took a while. */
  onSent?: (() => void) | undefined;
}

/** What a caller asks for about its request's time and repeats, unchecked (routing/call-terms.ts). */
export interface AskedTerms {
  /** Seconds. */
  readonly timeout?: unknown;
  readonly retries?: unknown;
  /** Its answer is an event stream, whose comments keep its client waiting. */
  readonly isStreamed?: boolean;
}

/** Operations that follow the first one of a call, one for each of its pictures; they are paid for each by itself. */
export interface Afterwards {
  readonly operation: string;
  readonly group: string;
  /** The provider's name for the model that does it; undefined where none does. */
  readonly model: string | undefined;
  readonly count: number;
  /** Of each; undefined where nobody knows it. */
  readonly microDollarsEach: number | undefined;
}

const NOTHING_ASKED: AskedTerms = {};

/**
 * What is known of one call while it goes through the steps: filled in by them, read by answer headers, the log and the
 * metrics. It also carries the one signal that ends the work when the caller leaves.
 */
export class CallRecord {
  readonly startedAt = performance.now();
  readonly times: UpstreamTimes = { sentAt: undefined, firstByteAt: undefined };
  /** Milliseconds spent waiting for the caller's own body. */
  receivingMs = 0;
  asked: AskedTerms = NOTHING_ASKED;
  /** When the answer has to be there, in milliseconds of `performance.now()`; undefined until the request was dispatched. */
  deadlineAt: number | undefined;
  /** Its caller asked for more time than a request may take. */
  isTimeoutCut = false;
  /** Milliseconds spent waiting for slots of the provider's. */
  queuedMs = 0;
  /** Milliseconds spent on attempts that failed, and on the pauses after them. */
  lostMs = 0;
  /** How often the request was sent again. */
  retries = 0;
  /** How many other model groups it was given to. */
  fallbacks = 0;
  /** Who calls; undefined until the key was checked. */
  caller: Caller | undefined;
  /** The key that the caller presented; undefined where there was none, and for operations after the first. */
  checkedKey: CheckedKey | undefined;
  operation: string | undefined;
  /** The name the caller used, resolved: never a raw text of the caller's. */
  group: string | undefined;
  /** The provider's name for the model that does the work; undefined where none has a part in it, or before it is known. */
  model: string | undefined;
  deploymentId: string | undefined;
  /** The kind of file that comes back: png, webp or svg. */
  format: string | undefined;
  /** What makes the provider draw the same again, where the caller chose it. */
  seed: number | undefined;
  /** Pictures asked for, then pictures answered. */
  images = 0;
  /** Of everything that the call is going to do, known before any of it is sent. */
  priceMicroDollars: number | undefined;
  /** What comes after its first operation; undefined where nothing does. */
  afterwards: Afterwards | undefined;
  /** The records of what comes after, admitted together with the call (images/admission.ts) and not begun; few have any. */
  following: CallRecord[] | undefined;
  /** It came after another operation, and was admitted together with that. */
  private isFollowing = false;
  /** For everything that has been done; undefined where the provider has not said. */
  chargedMicroDollars: number | undefined;
  /** Something of it may have been charged: an attempt that failed before another one, or work of unknown price. */
  mayBeCharged = false;
  upstreamRequestId: string | undefined;
  /** How the caller stands with its limits, as names and values of headers in turn; undefined where it has none. */
  limitHeaders: readonly string[] | undefined;
  /** Whom the caller asks for: OpenAI's field `user`. Goes into the ledger alone. */
  endUser: string | undefined;
  /** What the request is filed under in the ledger, its key's tags included. */
  tags: readonly string[] = [];
  /** How many times money was reserved for the call: it is sent so many times. */
  reservations = 0;
  /** What the key had spent in its budget's window before this call, and may spend; undefined where nobody counts. */
  keySpendMicroDollars: number | undefined;
  keyMaxBudgetMicroDollars: number | undefined;
  /** Request fields that were accepted and not forwarded. */
  ignored: readonly string[] = [];
  /** What went wrong, one of the closed set of faults; undefined while nothing has. */
  fault: string | undefined;
  /** Milliseconds spent waiting for the provider in operations after the first. */
  private laterUpstreamMs = 0;
  /** False where the work may go on without the caller: whoever says so gives it up. */
  endsWithCaller = true;
  /** The work may outlive its caller, and is not over: its body is needed. */
  isWorkedOn = false;
  private onWorkOver: (() => void) | undefined;
  /** Tells replicas what the call asks for, so that a retry finds it wherever it comes; undefined where none is expected. */
  print: string | undefined;
  /** What is recorded of it as a trace; undefined where nothing is. */
  trace: CallTrace | undefined;
  /** Names the trace it belongs to, ours or the caller's, in 32 hexadecimal digits; undefined where there is none. */
  traceId: string | undefined;
  /** Id of the call whose answer this one was given, because it asked for the same. */
  joined: string | undefined;

  constructor(
    /** Our own id, on every answer as `x-request-id`. */
    readonly id: string,
    /** The caller's `x-litellm-call-id`, or ours. */
    readonly callId: string = id,
    private readonly leaving = new Leaving(),
  ) {}

  /** A record for one more operation of this call, which ends with it. `add` brings home what became of it. */
  another(): CallRecord {
    const record = new CallRecord(this.id, this.callId, this.leaving);
    const { caller, asked, deadlineAt, endUser, tags, reservations, print, trace, traceId } = this;
    return Object.assign(record, { caller, asked, deadlineAt, endUser, tags, reservations, print, trace, traceId });
  }

  /** A record for the next of the operations that follow the first one. */
  next({ operation, group, model, microDollarsEach }: Afterwards): CallRecord {
    return Object.assign(this.another(), {
      isFollowing: true,
      operation,
      group,
      model,
      images: 1,
      priceMicroDollars: microDollarsEach,
    });
  }

  /** Adds the charge and the waiting of an operation that is over; one that failed has cost what is known to be charged. */
  add(operation: CallRecord, outcome: 'done' | 'failed'): void {
    const cost = outcome === 'done' ? operation.costMicroDollars : operation.chargedMicroDollars;
    if (cost !== undefined) this.chargedMicroDollars = (this.chargedMicroDollars ?? 0) + cost;
    this.mayBeCharged ||= operation.mayBeCharged;
    this.laterUpstreamMs += operation.upstreamMs ?? 0;
    this.queuedMs += operation.queuedMs;
    this.reservations = Math.max(this.reservations, operation.reservations);
  }

  /** Aborted when the work is to end because nobody waits for it. */
  get signal(): EndSignal {
    return this.leaving;
  }

  /** The caller has left: that ends the work, unless somebody else decides about it. */
  callerLeft(): void {
    if (this.endsWithCaller) this.giveUp();
  }

  /** Ends the work. */
  giveUp(): void {
    this.leaving.abort(new DOMException('The caller left.', 'AbortError'));
  }

  /** Has something done once the work is over: one thing at most. */
  afterWork(then: () => void): void {
    if (this.isWorkedOn) this.onWorkOver = then;
    else then();
  }

  /** Nothing of the call is needed any more. */
  workOver(): void {
    this.isWorkedOn = false;
    this.onWorkOver?.();
  }

  /** Whether operations were admitted together, of which it is one: then money may be set aside that it did not use. */
  get isOfSeveral(): boolean {
    return this.following !== undefined || this.isFollowing;
  }

  /** The price of its first operation alone. Micro-dollars; undefined where nobody knows it. */
  get ownPriceMicroDollars(): number | undefined {
    const { priceMicroDollars: price, afterwards } = this;
    if (price === undefined || afterwards === undefined) return price;
    return price - (afterwards.microDollarsEach ?? 0) * afterwards.count;
  }

  /** What the call costs, as far as is known: the real charge, else the price. Micro-dollars. */
  get costMicroDollars(): number | undefined {
    return this.chargedMicroDollars ?? this.priceMicroDollars;
  }

  /** What the call has cost once it is over: a failed one costs only what is known to be charged. Micro-dollars. */
  get spentMicroDollars(): number | undefined {
    return this.fault === undefined ? this.costMicroDollars : this.chargedMicroDollars;
  }

  /** Milliseconds spent waiting for the provider's first bytes; undefined before they came. */
  get upstreamMs(): number | undefined {
    const { sentAt, firstByteAt } = this.times;
    return sentAt === undefined || firstByteAt === undefined ? undefined : firstByteAt - sentAt + this.laterUpstreamMs;
  }
}
