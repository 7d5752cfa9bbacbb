import type { OnApplicationShutdown } from '@nestjs/common';
import { context, diag, DiagLogLevel, logs, metrics, trace, type Tracer } from '@opentelemetry/api';
import { OTLPMetricExporter as JsonMetrics } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufMetrics } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter as JsonTraces } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufTraces } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes, serviceInstanceIdDetector } from '@opentelemetry/resources';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Settings } from '../../config/settings.js';
import type { CallRecord } from '../call-record.js';
import type { Tracing } from '../call-trace.js';
import type { TraceParent } from '../trace-parent.js';
import { RecordedTrace } from './recorded-trace.js';
import { RegistryProducer } from './registry-producer.js';
import { samplerOf } from './sampler.js';

type OpenTelemetrySettings = NonNullable<Settings['openTelemetry']>;

/** How long one batch is tried to be handed over, repeats included: a collector may be gone. */
const EXPORT_MS = 4_000;
/** A stopping gateway goes after that, whatever is left. */
const LAST_EXPORT_MS = 5_000;

/**
 * Sends traces and metrics to a collector. Loaded only where the operator names one. Nothing is instrumented by itself:
 * the steps record themselves (`traced`), and metrics are those of `/metrics`.
 */
export class OpenTelemetry implements Tracing, OnApplicationShutdown {
  private readonly sdk: NodeSDK;
  private readonly tracer: Tracer;

  constructor(
    private readonly settings: OpenTelemetrySettings,
    registry: Registry,
    logger: Logger,
  ) {
    reportTo(logger);
    this.sdk = new NodeSDK({
      serviceName: settings.serviceName,
      resource: resourceFromAttributes(settings.resource),
      sampler: samplerOf(settings),
      resourceDetectors: [serviceInstanceIdDetector],
      textMapPropagator: null,
      instrumentations: [],
      logRecordProcessors: [],
      traceExporter: traceExporter(settings),
      metricReaders: [
        new PeriodicExportingMetricReader({
          exporter: metricExporter(settings),
          exportIntervalMillis: settings.metricIntervalMs,
          exportTimeoutMillis: Math.min(settings.metricIntervalMs, EXPORT_MS),
          metricProducers: [new RegistryProducer(registry)],
        }),
      ],
    });
    this.sdk.start();
    this.tracer = trace.getTracer('image-gateway');
  }

  begin(call: CallRecord, method: string, parent: TraceParent | undefined): RecordedTrace {
    return new RecordedTrace(this.tracer, this.settings.tellsRecraft, call, method, parent);
  }

  /** After the last answer: hands over what is left. */
  async onApplicationShutdown(): Promise<void> {
    const outOfPatience = Promise.withResolvers<undefined>();
    const timer = setTimeout(outOfPatience.resolve, LAST_EXPORT_MS, undefined);
    await Promise.race([this.sdk.shutdown(), outOfPatience.promise]).catch((error: unknown) => {
      diag.warn('the last traces and metrics were not taken', error);
    });
    clearTimeout(timer);
    // The SDK leaves them in place, and another gateway in this process could not have its own.
    for (const api of [trace, metrics, logs, context, diag]) api.disable();
  }
}

function traceExporter({ endpoint, headers, protocol }: OpenTelemetrySettings): JsonTraces | ProtobufTraces {
  const options = { url: `${endpoint}/v1/traces`, headers, timeoutMillis: EXPORT_MS };
  return protocol === 'http/json' ? new JsonTraces(options) : new ProtobufTraces(options);
}

function metricExporter({ endpoint, headers, protocol }: OpenTelemetrySettings): JsonMetrics | ProtobufMetrics {
  const options = { url: `${endpoint}/v1/metrics`, headers, timeoutMillis: EXPORT_MS };
  return protocol === 'http/json' ? new JsonMetrics(options) : new ProtobufMetrics(options);
}

/** What troubles the SDK, for instance a collector that does not answer, goes into the one log. */
function reportTo(logger: Logger): void {
  const ignore = (): void => undefined;
  const warn = (message: string): void => {
    logger.warn({ openTelemetry: message.slice(0, 1_000) }, 'traces or metrics could not be sent');
  };
  diag.setLogger({ error: warn, warn, info: ignore, debug: ignore, verbose: ignore }, DiagLogLevel.WARN);
}
