import type { Attributes, HrTime } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type CollectionResult,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { MetricObjectWithValues, MetricValue, MetricValueWithName, Registry } from 'prom-client';

import { NO_ROUTE } from '../request-log.js';

type Collected = MetricObjectWithValues<MetricValue<string>>;

/** Metrics that the conventions name (openai-images.md §4.6, §4.7); every other one has the same name on both ways. */
const CONVENTIONAL: Readonly<Record<string, string>> = {
  http_server_request_duration_seconds: 'http.server.request.duration',
  gen_ai_client_operation_duration_seconds: 'gen_ai.client.operation.duration',
};

/** Their labels, too: a name's dots stand where Prometheus has an underscore. */
const CONVENTIONAL_LABELS: Readonly<Record<string, string>> = {
  http_request_method: 'http.request.method',
  http_route: 'http.route',
  http_response_status_code: 'http.response.status_code',
  gen_ai_operation_name: 'gen_ai.operation.name',
  gen_ai_provider_name: 'gen_ai.provider.name',
  gen_ai_request_model: 'gen_ai.request.model',
  recraft_operation: 'recraft.operation',
  server_address: 'server.address',
  error_type: 'error.type',
};

/** Hands what `/metrics` shows to OpenTelemetry's exporter: it is counted once, and requests pay for one counting. */
export class RegistryProducer implements MetricProducer {
  private readonly since = now();

  constructor(private readonly registry: Registry) {}

  async collect(): Promise<CollectionResult> {
    const collected = (await this.registry.getMetricsAsJSON()) as unknown as Collected[];
    const endTime = now();
    const metrics = collected.flatMap((metric) => this.convert(metric, endTime) ?? []);
    return {
      // The reader takes its own provider's resource.
      resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope: { name: 'image-gateway' }, metrics }] },
      errors: [],
    };
  }

  private convert(metric: Collected, endTime: HrTime): MetricData | undefined {
    const { name, help: description } = metric;
    const unit = name.endsWith('_seconds') ? 's' : name.endsWith('bytes') ? 'By' : '';
    const conventional = CONVENTIONAL[name];
    const common = {
      // Collectors that write for Prometheus put units behind the name again; so only conventional names have one.
      descriptor: { name: conventional ?? name, description, unit: conventional ? unit : '', valueType: 1 },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
    };
    const point = <T>(labels: object, value: T): DataPoint<T> => ({
      startTime: this.since,
      endTime,
      attributes: attributesOf(labels),
      value,
    });
    const points = () => metric.values.map(({ labels, value }) => point(labels, value));
    // At run time a type is its name, whatever prom-client's enumeration says.
    switch (String(metric.type)) {
      case 'counter':
        return { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points() };
      case 'gauge':
        return { ...common, dataPointType: DataPointType.GAUGE, dataPoints: points() };
      case 'histogram':
        return {
          ...common,
          dataPointType: DataPointType.HISTOGRAM,
          dataPoints: histogramsIn(metric.values).map(([labels, histogram]) => point(labels, histogram)),
        };
      default:
        return undefined; // Nothing here is a summary.
    }
  }
}

/** Puts the rows of a histogram together again, by their labels. */
function histogramsIn(rows: readonly MetricValueWithName<string>[]): [labels: object, histogram: Histogram][] {
  const byLabels = Map.groupBy(rows, ({ labels }) => JSON.stringify({ ...labels, le: undefined }));
  return Array.from(byLabels.values(), (group) => {
    const ending = (end: string) => group.filter(({ metricName = '' }) => metricName.endsWith(end));
    const buckets = ending('_bucket');
    const cumulative = buckets.map(({ value }) => value);
    const boundaries = buckets.map(({ labels }) => Number(labels['le'])).filter(Number.isFinite);
    const { le: _le, ...labels } = group[0]?.labels ?? {};
    return [
      labels,
      {
        buckets: { boundaries, counts: cumulative.map((value, index) => value - (cumulative[index - 1] ?? 0)) },
        sum: ending('_sum')[0]?.value ?? 0,
        count: ending('_count')[0]?.value ?? 0,
      },
    ];
  });
}

/** Labels as attributes: the conventions leave out what there is not, and know numbers. */
function attributesOf(labels: object): Attributes {
  const entries = Object.entries(labels as Record<string, string | number>).filter(
    ([name, value]) => value !== '' && !(name === 'http_route' && value === NO_ROUTE),
  );
  return Object.fromEntries(
    entries.map(([name, value]) => [
      CONVENTIONAL_LABELS[name] ?? name,
      name === 'http_response_status_code' ? Number(value) : String(value),
    ]),
  );
}

function now(): HrTime {
  const ms = Date.now();
  return [Math.floor(ms / 1000), (ms % 1000) * 1_000_000];
}
