import type { CallRecord } from './call-record.js';
import type { TraceParent } from './trace-parent.js';

/** How an attempt at the provider ended. */
export interface UpstreamOutcome {
  /** A fault, or `caller_left`; undefined where it succeeded. */
  readonly failure: string | undefined;
  readonly upstreamRequestId: string | undefined;
}

/** What is known of an attempt at the provider when it begins. */
export interface UpstreamAttempt {
  readonly operation: string;
  /** The model, as metrics may name it; undefined where none has a part in the work. */
  readonly model: string | undefined;
  readonly apiBase: string;
  /** Pictures asked for. */
  readonly images: number;
  readonly seed: number | undefined;
  readonly isStreamed: boolean;
  readonly resend: number;
}

/** An attempt at the provider, as it is traced. */
export interface UpstreamSpan {
  /** What the provider is sent as `traceparent`; undefined where it is not told. */
  readonly traceparent: string | undefined;
  end(outcome: UpstreamOutcome): void;
}

/** The trace of one call, for as long as it is recorded. No part of it ever holds a prompt, a key or a body. */
export interface CallTrace {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** Does the work of a step and records how long it took, and whether it failed. */
  step<T>(name: Step, work: () => T): T;
  beginUpstream(attempt: UpstreamAttempt): UpstreamSpan;
  /** The answer is over. `route` is a pattern; undefined where none answers to the path. */
  end(route: string | undefined, status: number): void;
}

/** The steps of a request that take time, in their order (docs/architecture.md). */
export type Step = 'authenticate' | 'receive' | 'prepare' | 'admit' | 'reserve' | 'queue' | 'settle';

/** Does a step of a call; where calls are not traced, that is all. */
export function traced<T>({ trace }: CallRecord, step: Step, work: () => T): T {
  return trace === undefined ? work() : trace.step(step, work);
}

/** Records traces; there is none where the operator wants none, and nothing of OpenTelemetry is loaded then. */
export interface Tracing {
  /** Begins the trace of a call, or a part of the caller's. `method` is HTTP's. */
  begin(call: CallRecord, method: string, parent: TraceParent | undefined): CallTrace;
}

/** Injection token; what is injected is undefined where there is none. */
export const Tracing = Symbol('Tracing');
