import type { Dispatcher } from 'undici';
import type { AnswerSink, EndSignal, Fulfilment, UpstreamTimes } from '../../images/image-provider.js';
import { countPassingBytes } from '../../memory/buffer-garbage.js';
import { FormRelay, FormToJsonRelay } from './form-relay.js';
import { isForm } from './picture-form.js';
import { PictureRelay } from './picture-relay.js';
import type { Relay } from './relay.js';
import { invalidAnswer, type Phase, translateBreak, translateRefusal, translateTimeout } from './upstream-errors.js';

/** A refusal's body is a line or two; more than this is not read. */
const MAX_REFUSAL_BYTES = 64 * 1024;

export interface Deadlines {
  /** From the start of the call to the first byte of the answer. */
  readonly firstByteMs: number;
  /** From the start of the call to the last byte of the answer. */
  readonly totalMs: number;
}

type Headers = Record<string, string | string[] | undefined>;

/** A request that is written within so many milliseconds need not be told of twice. */
const WRITTEN_AT_ONCE_MS = 2;

/**
 * One call to Recraft from dispatch to its last byte: relays pictures into the sink with backpressure, turns everything
 * else into a GatewayError, and ends in one place when the caller leaves or a deadline passes.
 */
export class UpstreamCall implements Dispatcher.DispatchHandler {
  readonly done: Promise<Fulfilment>;
  private readonly resolve: (fulfilment: Fulfilment) => void;
  private readonly reject: (reason: unknown) => void;
  private readonly startedAt = performance.now();
  private readonly onAbort = (): void => {
    this.fail(this.signal.reason);
  };
  private phase: Phase = 'connecting';
  private settled = false;
  private controller: Dispatcher.DispatchController | undefined;
  private deadline: NodeJS.Timeout;
  private status = 0;
  private headers: Headers = {};
  private relay: Relay | undefined;
  private refusal: Buffer[] = [];
  private refusalBytes = 0;

  constructor(
    private readonly sink: AnswerSink,
    private readonly signal: EndSignal,
    private readonly times: UpstreamTimes,
    private readonly deadlines: Deadlines,
    /** The caller asked for files: a form is passed on as it is. */
    private readonly keepsForm: boolean,
  ) {
    const { promise, resolve, reject } = Promise.withResolvers<Fulfilment>();
    this.done = promise;
    this.resolve = resolve;
    this.reject = reject;
    this.deadline = this.expireAfter(Math.min(deadlines.firstByteMs, deadlines.totalMs));
    signal.addEventListener('abort', this.onAbort, { once: true });
    if (signal.aborted) this.onAbort();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // A call can wait in the pool longer than its caller: sending it now would pay for nobody, and an answer that
    // nobody reads would hold its connection for ever.
    if (this.settled) {
      controller.abort(new Error('The caller left before the request was sent.'));
      return;
    }
    this.controller = controller;
    this.phase = 'waiting';
    this.times.sentAt = performance.now();
    this.times.onSent?.();
  }

  /** A large body takes a while, and so does the first request of a process: it counts from when it was written at last. */
  onRequestSent(): void {
    const { sentAt, onSent } = this.times;
    if (sentAt !== undefined && performance.now() - sentAt > WRITTEN_AT_ONCE_MS) onSent?.();
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200 || this.settled) return;
    this.phase = 'reading';
    this.times.firstByteAt = performance.now();
    this.status = status;
    this.headers = headers;
    if (this.deadlines.firstByteMs < this.deadlines.totalMs) {
      clearTimeout(this.deadline);
      this.deadline = this.expireAfter(Math.max(1, this.deadlines.totalMs - (performance.now() - this.startedAt)));
    }
    if (status < 300) this.relay = this.relayFor(headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    countPassingBytes(chunk.length);
    if (this.settled) return;
    if (!this.relay) {
      this.collectRefusal(chunk);
      return;
    }
    try {
      if (this.relay.push(chunk)) return;
    } catch (error) {
      this.fail(error);
      return;
    }
    controller.pause();
    this.sink.onDrain(() => {
      if (!this.settled) controller.resume();
    });
  }

  onResponseEnd(): void {
    if (this.settled) return;
    if (!this.relay) {
      this.fail(
        translateRefusal({
          status: this.status,
          contentType: text(this.headers['content-type']),
          retryAfter: text(this.headers['retry-after']),
          body: Buffer.concat(this.refusal),
        }),
      );
      return;
    }
    try {
      this.relay.end();
    } catch (error) {
      this.fail(error);
      return;
    }
    this.settle();
    this.resolve({
      images: this.relay.images,
      chargedMicroDollars: this.relay.chargedMicroDollars,
      upstreamRequestId: text(this.headers['x-recraft-requestid']),
    });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.fail(
      isProtocolError(error) ? invalidAnswer('it is not HTTP', { cause: error }) : translateBreak(error, this.phase),
    );
  }

  /** What Recraft says it answers decides, and not what it was asked for. */
  private relayFor(headers: Headers): Relay {
    const contentType = text(headers['content-type']);
    const length = contentLength(headers);
    if (!isForm(contentType)) return new PictureRelay(this.sink, length);
    return this.keepsForm ? new FormRelay(this.sink, contentType, length) : new FormToJsonRelay(this.sink, contentType);
  }

  private collectRefusal(chunk: Buffer): void {
    if (this.refusalBytes >= MAX_REFUSAL_BYTES) return;
    this.refusal.push(chunk);
    this.refusalBytes += chunk.length;
  }

  private expireAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.fail(translateTimeout(Math.round(performance.now() - this.startedAt), this.phase));
    }, ms);
  }

  private fail(reason: unknown): void {
    if (this.settled) return;
    this.settle();
    const cause = reason instanceof Error ? reason : new Error('The call was given up.', { cause: reason });
    if (this.relay?.begun) this.sink.fail(cause);
    this.controller?.abort(cause);
    this.reject(reason);
  }

  private settle(): void {
    this.settled = true;
    clearTimeout(this.deadline);
    this.signal.removeEventListener('abort', this.onAbort);
  }
}

function contentLength(headers: Headers): number | undefined {
  const length = Number(text(headers['content-length']) ?? Number.NaN);
  return Number.isSafeInteger(length) ? length : undefined;
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** undici's name for bytes that are no HTTP answer; such an error has no code of undici's (undici 8.12, `HTTPParserError`). */
function isProtocolError({ name }: Error): boolean {
  return name === 'HTTPParserError';
}
