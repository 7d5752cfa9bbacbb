import { type DynamicModule, Module } from '@nestjs/common';
import { ConfigurationModule } from './config/config.module.js';
import type { Settings } from './config/settings.js';
import { DatabaseModule } from './database/database.module.js';
import { HealthModule } from './health/health.module.js';
import { ImagesModule } from './images/images.module.js';
import { KeysModule } from './keys/keys.module.js';
import { RECRAFT_MODELS } from './providers/recraft/catalogue.js';
import { RecraftModule } from './providers/recraft/recraft.module.js';
import { RedisModule } from './redis/redis.module.js';
import { RegistryModule } from './registry/registry.module.js';
import { ShutdownModule } from './shutdown/shutdown.module.js';
import { UsageModule } from './spend/usage/usage.module.js';
import { LogLevelModule } from './telemetry/log-level.module.js';
import { TelemetryModule } from './telemetry/telemetry.module.js';

/** The whole gateway for one set of settings; the only place that names a vendor. */
@Module({})
export class AppModule {
  static with(settings: Settings): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigurationModule.with(settings),
        TelemetryModule,
        DatabaseModule,
        RedisModule,
        KeysModule,
        RecraftModule.with(settings.upstream),
        // The two busy routes first: Express tries its routes in order.
        ImagesModule,
        RegistryModule.with(RECRAFT_MODELS),
        UsageModule,
        HealthModule,
        LogLevelModule,
        ShutdownModule,
      ],
    };
  }
}
