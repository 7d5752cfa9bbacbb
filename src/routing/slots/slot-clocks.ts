import { createHash } from 'node:crypto';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { Settings } from '../../config/settings.js';
import { Redis } from '../../redis/redis.js';
import type { SlotLimits } from '../../registry/deployment.js';
import { RoutingMetrics } from '../routing-metrics.js';
import { LocalSlotClock } from './local-slot-clock.js';
import { SharedSlotClock } from './shared-slot-clock.js';
import { ratesOf, type SlotClock } from './slot-clock.js';

/**
 * Makes the clock of each account: shared through Redis where there is one, else in this process, with its part of the
 * slots where several instances share the account.
 */
@Injectable()
export class SlotClocks {
  constructor(
    @Inject(Settings) private readonly settings: Settings,
    @Inject(RoutingMetrics) private readonly metrics: RoutingMetrics,
    @Optional() @Inject(Redis) private readonly redis?: Redis,
  ) {}

  /** Undefined where the account has no limit that a clock keeps. `account` holds its key. */
  for(account: string, limits: SlotLimits): SlotClock | undefined {
    const ownRates = ratesOf(limits, 1 / this.settings.routing.replicas);
    const { parallelRequests: places } = limits;
    if (ownRates.length === 0 && (places === 0 || this.redis === undefined)) return undefined;
    const local = new LocalSlotClock(ownRates);
    if (this.redis === undefined) return local;
    const digest = createHash('sha256').update(account).digest('hex').slice(0, 32);
    return new SharedSlotClock(digest, { rates: ratesOf(limits), places }, this.redis, local, () => {
      this.metrics.withoutRedis();
    });
  }
}
