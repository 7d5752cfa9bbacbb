import { Module, type DynamicModule } from '@nestjs/common';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { LOGGER } from '../telemetry/logger.js';
import type { ModelCard } from './model-card.js';
import { ModelRegistry } from './model-registry.js';
import { ModelsController } from './models.controller.js';

/** Makes one ModelRegistry of the settings and of a provider's catalogue, for every module that asks for it. */
@Module({})
export class RegistryModule {
  static with(cards: readonly ModelCard[]): DynamicModule {
    return {
      module: RegistryModule,
      global: true,
      controllers: [ModelsController],
      providers: [
        {
          provide: ModelRegistry,
          inject: [Settings, LOGGER],
          useFactory: (settings: Settings, logger: Logger) =>
            new ModelRegistry(settings.models, cards, (message, asker) => {
              logger.warn({ id: asker?.id, traceId: asker?.traceId }, message);
            }),
        },
      ],
      exports: [ModelRegistry],
    };
  }
}
