import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { Redis } from '../redis/redis.js';
import { LOGGER } from '../telemetry/logger.js';
import { Metrics } from '../telemetry/metrics.js';
import { CallerLimits } from './caller-limits.js';
import { LocalLimiter } from './local-limiter.js';
import { RateLimits } from './rate-limits.js';
import { SharedLimiter } from './shared-limiter.js';

/** Limits kept together where there is a Redis. */
const SHARED = Symbol('SharedLimiter');

/** How much a key may ask for at a time. */
@Module({
  providers: [
    {
      provide: SHARED,
      inject: [{ token: Redis, optional: true }],
      useFactory: (redis: Redis | undefined) => redis && new SharedLimiter(redis),
    },
    {
      provide: CallerLimits,
      inject: [{ token: SHARED, optional: true }, LOGGER, Metrics],
      useFactory: (shared: SharedLimiter | undefined, logger: Logger, metrics: Metrics) =>
        new RateLimits(new LocalLimiter(), shared, failOver(logger, metrics)),
    },
  ],
  exports: [CallerLimits],
})
export class LimitsModule implements OnApplicationShutdown {
  constructor(@Inject(SHARED) private readonly shared: SharedLimiter | undefined) {}

  onApplicationShutdown(): void {
    this.shared?.[Symbol.dispose]();
  }
}

/** One line about it is enough for a minute. */
const QUIET_MS = 60_000;

/** Counts requests that were limited by this process alone. That Redis is gone its connection logs; not that it fails. */
function failOver(logger: Logger, metrics: Metrics) {
  const counter = new Counter({
    name: 'recraft_gateway_limits_failed_over_total',
    help: 'Requests whose limits were counted by one replica alone, because Redis did not answer.',
    registers: [metrics.registry],
  });
  let quietUntil = 0;
  return (error: unknown): void => {
    counter.inc();
    if (error === undefined || performance.now() < quietUntil) return;
    quietUntil = performance.now() + QUIET_MS;
    logger.warn({ err: error }, 'Redis could not count a request against its limits: this process counts it.');
  };
}
