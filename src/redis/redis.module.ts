import { Global, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { LOGGER } from '../telemetry/logger.js';
import { Metrics } from '../telemetry/metrics.js';
import { Redis } from './redis.js';
import { RedisConnection } from './redis-connection.js';

/** The one connection to what replicas share. */
@Global()
@Module({
  providers: [
    {
      provide: Redis,
      inject: [Settings, LOGGER, Metrics],
      useFactory: async ({ redis }: Settings, logger: Logger, metrics: Metrics): Promise<Redis | undefined> => {
        if (redis === undefined) return undefined;
        const connection = new RedisConnection(redis, logger);
        metrics.watch('recraft_gateway_redis_up', 'Whether Redis answers: 1 or 0.', () => Number(connection.isUp));
        // The first requests are counted with the others' already.
        await connection.settled;
        return connection;
      },
    },
  ],
  exports: [Redis],
})
export class RedisModule {}
