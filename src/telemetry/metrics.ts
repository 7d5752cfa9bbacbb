import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { CallRecord } from './call-record.js';

export interface AnsweredRequest {
  readonly method: string;
  /** The route's pattern, never the raw path: labels have to stay few. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** What is counted. Names and labels: openai-images.md §4.7; no label ever holds a caller's own text. */
export class Metrics {
  readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'http_server_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 300],
    registers: [this.registry],
  });
  private readonly upstream = new Histogram({
    name: 'recraft_gateway_upstream_duration_seconds',
    help: "Time from sending a request to the first byte of Recraft's answer.",
    labelNames: ['operation', 'model'],
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 300],
    registers: [this.registry],
  });
  private readonly images = new Counter({
    name: 'recraft_gateway_images_total',
    help: 'Pictures answered.',
    labelNames: ['operation', 'model'],
    registers: [this.registry],
  });
  private readonly cost = new Counter({
    name: 'recraft_gateway_cost_dollars_total',
    help: 'What was spent on pictures, in US dollars.',
    labelNames: ['operation', 'model'],
    registers: [this.registry],
  });
  private readonly errors = new Counter({
    name: 'recraft_gateway_errors_total',
    help: 'Requests that ended in an error, by fault.',
    labelNames: ['fault'],
    registers: [this.registry],
  });
  private readonly ignored = new Counter({
    name: 'recraft_gateway_ignored_params_total',
    help: 'Request fields that were accepted and not forwarded.',
    labelNames: ['param'],
    registers: [this.registry],
  });
  /** Requests that were given the answer of an earlier one. */
  readonly joined = new Counter({
    name: 'recraft_gateway_joined_requests_total',
    help: 'Requests answered with what an earlier one, asking for the same, was paid for.',
    registers: [this.registry],
  });
  /** Requests being answered. */
  inFlight = 0;

  /** @param isKnownModel tells models of the catalogue from names that callers made up */
  constructor(private readonly isKnownModel: (model: string) => boolean) {
    collectDefaultMetrics({ register: this.registry });
    this.watch('recraft_gateway_inflight_requests', 'Requests being answered.', () => this.inFlight);
  }

  /** Watches a quantity that is read when metrics are collected. */
  watch(name: string, help: string, read: () => number): void {
    new Gauge({
      name,
      help,
      registers: [this.registry],
      collect() {
        this.set(read());
      },
    });
  }

  observe({ method, route, status, seconds }: AnsweredRequest, call: CallRecord): void {
    this.requests.observe(
      { http_request_method: method, http_route: route, http_response_status_code: status },
      seconds,
    );
    if (call.fault !== undefined) this.errors.inc({ fault: call.fault });
    const labels = this.labelsOf(call);
    if (!labels) return;
    if (call.upstreamMs !== undefined) this.upstream.observe(labels, call.upstreamMs / 1000);
    for (const param of call.ignored) this.ignored.inc({ param });
    const isAnswered = status < 300 && call.fault === undefined;
    if (isAnswered) this.observePictures(call);
    // What was charged before a call failed is spent. A caller who only left may still be worked for, and counted then.
    else if (call.fault !== undefined && call.chargedMicroDollars !== undefined)
      this.observeCost(labels, call.chargedMicroDollars);
  }

  /** Counts what a call brought and cost. */
  observePictures(call: CallRecord): void {
    const labels = this.labelsOf(call);
    if (!labels) return;
    this.images.inc(labels, call.images);
    this.observeCost(labels, call.costMicroDollars ?? 0);
  }

  private observeCost(labels: { operation: string; model: string }, microDollars: number): void {
    this.cost.inc(labels, microDollars / 1_000_000);
  }

  private labelsOf({ operation, model }: CallRecord): { operation: string; model: string } | undefined {
    if (operation === undefined || model === undefined) return undefined;
    return { operation, model: this.isKnownModel(model) ? model : 'other' };
  }
}
