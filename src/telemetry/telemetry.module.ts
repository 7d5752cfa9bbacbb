import { Global, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { ModelRegistry } from '../registry/model-registry.js';
import { Tracing } from './call-trace.js';
import { createLogger, LOGGER } from './logger.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';
import { MetricsServer } from './metrics-server.js';

/** What operators see: one log, one set of metrics. */
@Global()
@Module({
  controllers: [MetricsController],
  providers: [
    { provide: LOGGER, inject: [Settings], useFactory: (settings: Settings) => createLogger(settings.logLevel) },
    {
      provide: Metrics,
      inject: [ModelRegistry],
      useFactory: (registry: ModelRegistry) => new Metrics((model) => registry.card(model) !== undefined),
    },
    {
      provide: MetricsServer,
      inject: [Settings, Metrics, LOGGER],
      useFactory: (settings: Settings, metrics: Metrics, logger: Logger) =>
        new MetricsServer(settings, metrics, logger),
    },
    { provide: Tracing, inject: [Settings, Metrics, LOGGER], useFactory: openTracing },
  ],
  exports: [LOGGER, Metrics, Tracing],
})
export class TelemetryModule {}

/** Loads OpenTelemetry where the operator wants it, and only there: it is a third of a second and 40 MB. */
async function openTracing(
  { openTelemetry }: Settings,
  { registry }: Metrics,
  logger: Logger,
): Promise<Tracing | undefined> {
  if (!openTelemetry) return undefined;
  const { OpenTelemetry } = await import('./otel/open-telemetry.js');
  return new OpenTelemetry(openTelemetry, registry, logger);
}
