import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { CallRecord } from './call-record.js';
import { type Labels, type Sample, Tally } from './tally.js';
import { UsageTally } from './usage-tally.js';

export interface AnsweredRequest {
  readonly method: string;
  /** The route's pattern, never the raw path: labels have to stay few. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

/** One call to the provider. */
export interface AskedProvider {
  readonly operation: string;
  /** The provider's name for the model; undefined where none has a part in the work. */
  readonly model: string | undefined;
  /** Address of the provider's API. */
  readonly apiBase: string;
  readonly seconds: number;
  /** `success`, what went wrong, or `caller_left`. */
  readonly outcome: string;
}

/** The methods of HTTP's own registry; others are told as OpenTelemetry tells them, so that nobody can make labels up. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

/** What stands for a model where none has a part in the work. */
const NO_MODEL = 'none';

/** What is counted. Names and labels: openai-images.md §4.7, docs/operations.md; no label ever holds a caller's own text. */
export class Metrics {
  readonly registry = new Registry();
  private readonly requests = new Tally({
    name: 'http_server_request_duration_seconds',
    help: 'Time from the request to the end of its answer.',
    labelNames: ['http_request_method', 'http_route', 'http_response_status_code'],
    labelsOf: (method = '', route = '', status = '') => ({
      http_request_method: method,
      http_route: route,
      http_response_status_code: status,
    }),
    buckets: [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 300],
    registry: this.registry,
  });
  // The convention's bounds double up to 81.92 s; pictures can take longer (openai-images.md §4.6).
  private readonly upstream = new Tally({
    name: 'gen_ai_client_operation_duration_seconds',
    help: 'Time from sending a request to Recraft to the end of its answer, of every attempt.',
    labelNames: [
      ...['gen_ai_operation_name', 'gen_ai_provider_name', 'gen_ai_request_model'],
      ...['recraft_operation', 'server_address', 'error_type'],
    ],
    labelsOf: upstreamLabels,
    buckets: Array.from({ length: 16 }, (_, doubled) => 0.01 * 2 ** doubled),
    registry: this.registry,
  });
  private readonly uploads = new Tally({
    name: 'recraft_gateway_upload_bytes',
    help: 'Sizes of the request bodies that were held, in bytes. JSON up to 16 KiB is not counted.',
    labelNames: [],
    labelsOf: () => ({}),
    buckets: Array.from({ length: 8 }, (_, power) => 1024 * 4 ** (power + 1)),
    registry: this.registry,
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
  private readonly usage = new UsageTally((model) => (model === undefined ? NO_MODEL : this.modelLabel(model)));

  /** @param isKnownModel tells models of the catalogue from names that callers made up */
  constructor(private readonly isKnownModel: (model: string) => boolean) {
    collectDefaultMetrics({ register: this.registry });
    this.watch('recraft_gateway_inflight_requests', 'Requests being answered.', () => this.inFlight);
    const byModel = ['operation', 'model'];
    this.countEach('recraft_gateway_images_generated_total', 'Pictures answered.', byModel, () => this.usage.images());
    this.countEach('recraft_gateway_cost_dollars_total', 'What was spent on pictures, in US dollars.', byModel, () =>
      this.usage.dollars(),
    );
    this.countEach(
      'recraft_gateway_api_units_spent_total',
      "What was spent on pictures, in Recraft's API units, of which 1,000 are one US dollar.",
      ['model'],
      () => this.usage.unitsByModel(),
    );
    this.countEach(
      'recraft_gateway_upstream_requests_total',
      'Requests sent to Recraft, by operation and what became of them.',
      ['operation', 'outcome'],
      () => this.outcomes(),
    );
  }

  /** Watches a quantity that is read when metrics are collected. */
  watch(name: string, help: string, read: () => number): void {
    this.watchEach(name, help, [], () => [[{}, read()]]);
  }

  /** Watches quantities that go by labels: those that are there when metrics are collected. */
  watchEach(name: string, help: string, labelNames: string[], read: () => Iterable<Sample>): void {
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        // Without labels that leaves a 0, where nothing may be known.
        if (labelNames.length === 0) this.remove();
        for (const [labels, value] of read()) this.set(labels, value);
      },
    });
  }

  /** The same for what only ever grows, and is counted elsewhere. */
  countEach(name: string, help: string, labelNames: string[], read: () => Iterable<Sample>): void {
    new Counter({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [labels, value] of read()) this.inc(labels, value);
      },
    });
  }

  /** A model as a label: names that callers made up are one. */
  modelLabel(model: string): string {
    return this.isKnownModel(model) ? model : 'other';
  }

  observe({ method, route, status, seconds }: AnsweredRequest, call: CallRecord): void {
    const known = METHODS.has(method) ? method : '_OTHER';
    this.requests.observe(seconds, known, route, String(status));
    if (call.fault !== undefined) this.errors.inc({ fault: call.fault });
    for (const param of call.ignored) this.ignored.inc({ param });
    const isAnswered = status < 300 && call.fault === undefined;
    if (isAnswered) this.observePictures(call);
    // What was charged before a call failed is spent. A caller who only left may still be worked for, and counted then.
    else if (call.fault !== undefined && call.chargedMicroDollars !== undefined)
      this.usage.add(call, 0, call.chargedMicroDollars);
  }

  /** Counts what a call brought and cost. */
  observePictures(call: CallRecord): void {
    this.usage.add(call, call.images, call.costMicroDollars ?? 0);
  }

  /** Counts one attempt at the provider. */
  observeUpstream({ operation, model, apiBase, seconds, outcome }: AskedProvider): void {
    // The conventions leave out what there is not.
    const known = model === undefined ? '' : this.modelLabel(model);
    this.upstream.observe(seconds, operation, known, outcome, apiBase);
  }

  /** Counts the body of a request, in bytes. */
  observeUpload(bytes: number): void {
    this.uploads.observe(bytes);
  }

  private outcomes(): Sample[] {
    return [...this.upstream.series].map(({ labels, count }) => [
      { operation: labels['recraft_operation'] ?? '', outcome: outcomeIn(labels) },
      count,
    ]);
  }
}

function outcomeIn({ error_type: failure = '' }: Labels): string {
  return failure === '' ? 'success' : failure;
}

/** The GenAI conventions' attributes (openai-images.md §4.6). They know no editing of pictures, so what it was is Recraft's own. */
function upstreamLabels(operation = '', model = '', outcome = '', apiBase = ''): Labels {
  return {
    gen_ai_operation_name: 'generate_content',
    gen_ai_provider_name: 'recraft',
    gen_ai_request_model: model,
    recraft_operation: operation,
    server_address: URL.parse(apiBase)?.hostname ?? '',
    error_type: outcome === 'success' ? '' : outcome,
  };
}
