import type { Settings } from '../config/settings.js';
import type { GatewayError } from '../errors/gateway-error.js';
import { longestTimeOf, readTerms } from '../routing/call-terms.js';
import type { AskedTerms, CallRecord } from '../telemetry/call-record.js';

/** How long calls run at most where their callers ask for no time of their own, in milliseconds. */
export interface UsualTimes {
  readonly documentMs: number;
  /** Of an event stream; no caller gets more for one. */
  readonly streamMs: number;
}

export function usualTimesOf({ builtIn, configured, longestStreamMs }: Settings['models']): UsualTimes {
  const deployments = [...configured, ...(builtIn ? [builtIn] : [])];
  return { documentMs: Math.max(...deployments.map(({ timeoutMs }) => timeoutMs)), streamMs: longestStreamMs };
}

/** How long a call runs at most, as far as what its caller asks for is known. */
export function mostTimeOf(asked: AskedTerms, usual: UsualTimes): number {
  return asked.timeout === undefined ? usualTimeOf(asked, usual) : longestTimeOf(asked, usual.streamMs);
}

function usualTimeOf({ isStreamed = false }: AskedTerms, { documentMs, streamMs }: UsualTimes): number {
  return isStreamed ? streamMs : documentMs;
}

/** The time that a call has. @throws GatewayError `invalidValue` where its caller asks for what is no time */
function timeOf({ asked }: CallRecord, usual: UsualTimes): number {
  const longestMs = longestTimeOf(asked, usual.streamMs);
  const { timeoutMs = usualTimeOf(asked, usual) } = readTerms(asked, longestMs);
  return Math.min(timeoutMs, longestMs);
}

/**
 * How long a request waits for the call of another: until its caller leaves, or the time is over that it has itself. That time
 * counts on where the request is sent after all.
 */
export class Patience implements Disposable {
  private readonly ending = new AbortController();
  private readonly timer: NodeJS.Timeout;

  /**
   * @param tooLate what it is told when its time is over
   * @throws GatewayError `invalidValue` where the caller asks for what is no time
   */
  constructor(
    private readonly call: CallRecord,
    usual: UsualTimes,
    tooLate: () => GatewayError,
  ) {
    const now = performance.now();
    call.deadlineAt ??= now + timeOf(call, usual);
    this.timer = setTimeout(() => {
      this.ending.abort(tooLate());
    }, call.deadlineAt - now);
    call.signal.addEventListener('abort', this.leave, { once: true });
    if (call.signal.aborted) this.leave();
  }

  /** Aborted when the wait is over: with what its caller is to be told. */
  get signal(): AbortSignal {
    return this.ending.signal;
  }

  /** What was waited for. @throws the signal's reason when it comes first */
  async waitFor<T>(awaited: Promise<T>): Promise<T> {
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const end = (): void => {
      reject(this.signal.reason as Error);
    };
    this.signal.addEventListener('abort', end, { once: true });
    if (this.signal.aborted) end();
    return Promise.race([awaited, ended]);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer);
    this.call.signal.removeEventListener('abort', this.leave);
  }

  private readonly leave = (): void => {
    this.ending.abort(this.call.signal.reason);
  };
}
