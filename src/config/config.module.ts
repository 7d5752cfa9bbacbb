import { Global, Module, type DynamicModule } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { Settings } from './settings.js';

const CARRIED_AS = 'settings';

/** Hands the one Settings value to whoever injects the token `Settings`. It reads nothing itself. */
@Global()
@Module({})
export class ConfigurationModule {
  static with(settings: Settings): DynamicModule {
    const carrier = ConfigModule.forRoot({
      skipProcessEnv: true,
      ignoreEnvFile: true,
      load: [() => ({ [CARRIED_AS]: settings })],
    });
    return {
      module: ConfigurationModule,
      imports: [carrier],
      providers: [
        {
          provide: Settings,
          inject: [ConfigService],
          useFactory: (config: ConfigService) => config.getOrThrow<Settings>(CARRIED_AS),
        },
      ],
      exports: [Settings],
    };
  }
}
