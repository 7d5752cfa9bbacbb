import { Global, Module } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { ModelRegistry } from '../registry/model-registry.js';
import { createLogger, LOGGER } from './logger.js';
import { Metrics } from './metrics.js';
import { MetricsController } from './metrics.controller.js';

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
  ],
  exports: [LOGGER, Metrics],
})
export class TelemetryModule {}
