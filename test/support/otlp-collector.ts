import { EventEmitter, once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { type Listening, startHttpServer } from './servers.js';

export interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  /** 1 internal, 2 server, 3 client (OTLP, `SpanKind`). */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly status: { readonly code?: number };
}

export interface OtlpMetric {
  readonly name: string;
  readonly unit: string;
  readonly points: readonly {
    readonly attributes: Readonly<Record<string, unknown>>;
    readonly [field: string]: unknown;
  }[];
}

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Pair {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface Exported {
  readonly resourceSpans?: { scopeSpans: { spans: (Omit<OtlpSpan, 'attributes'> & { attributes: Pair[] })[] }[] }[];
  readonly resourceMetrics?: {
    resource: { attributes: Pair[] };
    scopeMetrics: { metrics: (Record<string, unknown> & { name: string; unit: string })[] }[];
  }[];
}

/** A collector that takes OTLP over HTTP, as JSON where it is to be read, and remembers everything. */
export class OtlpCollector implements AsyncDisposable {
  readonly received: Received[] = [];
  private readonly arrivals = new EventEmitter();
  private server!: Listening;

  static async start(): Promise<OtlpCollector> {
    const collector = new OtlpCollector();
    collector.server = await startHttpServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('latin1');
        collector.received.push({ path: request.url ?? '', headers: request.headers, body });
        response.writeHead(200, { 'content-type': request.headers['content-type'] ?? '' }).end();
        collector.arrivals.emit('arrival');
      });
    });
    return collector;
  }

  get url(): string {
    return this.server.url;
  }

  spans(): OtlpSpan[] {
    return this.exports('/v1/traces')
      .flatMap(({ resourceSpans = [] }) => resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
      .map((span) => ({ ...span, attributes: flat(span.attributes) }));
  }

  /** The latest of each metric. */
  metrics(): Map<string, OtlpMetric> {
    const all = this.exports('/v1/metrics')
      .flatMap(({ resourceMetrics = [] }) => resourceMetrics)
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
    return new Map(
      all.map((metric) => [metric.name, { name: metric.name, unit: metric.unit, points: pointsOf(metric) }]),
    );
  }

  resource(): Readonly<Record<string, unknown>> {
    const [first] = this.exports('/v1/metrics').flatMap(({ resourceMetrics = [] }) => resourceMetrics);
    return flat(first?.resource.attributes ?? []);
  }

  /** Waits until what has arrived satisfies a test. */
  async until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const arrival = once(this.arrivals, 'arrival');
      const found = find();
      if (found !== undefined) return found;
      await arrival;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }

  private exports(path: string): Exported[] {
    return this.received.filter((each) => each.path === path).map(({ body }) => JSON.parse(body) as Exported);
  }
}

function flat(pairs: readonly Pair[]): Record<string, unknown> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, Object.values(value)[0]]));
}

/** Sums, gauges and histograms have their points in a field of their own. */
function pointsOf(metric: Record<string, unknown>): OtlpMetric['points'] {
  const kind = ['sum', 'gauge', 'histogram'].find((name) => name in metric) ?? '';
  const { dataPoints = [] } = (metric[kind] ?? {}) as { dataPoints?: { attributes: Pair[] }[] };
  return dataPoints.map((point) => ({ ...point, attributes: flat(point.attributes) }));
}
