import type { Deployment } from '../registry/deployment.js';
import type { CallRecord } from '../telemetry/call-record.js';
import type { RoutingMetrics } from './routing-metrics.js';

/** An attempt at the provider that is counted and traced. */
export interface ObservedAttempt {
  /** Tells the provider which trace it belongs to, where it is to know. */
  readonly traceparent: string | undefined;
  /** `failure` is a fault, or `caller_left`; undefined where there was none. */
  end(failure: string | undefined, upstreamRequestId?: string): void;
}

/** Begins to observe an attempt. */
export function observeAttempt(
  call: CallRecord,
  operation: string,
  { apiBase }: Deployment,
  metrics: RoutingMetrics,
): ObservedAttempt {
  const beganAt = performance.now();
  const { images, model, seed, retries: resend } = call;
  const { isStreamed = false } = call.asked;
  const label = model === undefined ? undefined : metrics.modelLabel(model);
  const span = call.trace?.beginUpstream({ operation, model: label, apiBase, images, seed, isStreamed, resend });
  return {
    traceparent: span?.traceparent,
    end: (failure, upstreamRequestId) => {
      const seconds = (performance.now() - beganAt) / 1000;
      metrics.asked({ operation, model, apiBase, seconds, outcome: failure ?? 'success' });
      span?.end({ failure, upstreamRequestId });
    },
  };
}
