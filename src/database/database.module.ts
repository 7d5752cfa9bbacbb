import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { LOGGER } from '../telemetry/logger.js';
import { Database } from './database.js';
import { openDatabase } from './open-database.js';

/** The one database, open and up to date before anything else starts, and the last to be closed: global modules are. */
@Global()
@Module({
  providers: [
    {
      provide: Database,
      inject: [Settings, LOGGER],
      useFactory: ({ database }: Settings, logger: Logger) => openDatabase(database, logger),
    },
  ],
  exports: [Database],
})
export class DatabaseModule implements OnApplicationShutdown {
  constructor(@Inject(Database) private readonly database: Database | undefined) {}

  async onApplicationShutdown(): Promise<void> {
    await this.database?.close();
  }
}
