import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '../../config/settings.js';
import type { SlotLimits } from '../../registry/deployment.js';
import { LocalSlotClock } from './local-slot-clock.js';
import { ratesOf, type SlotClock } from './slot-clock.js';

/** Makes the clock of each account: in this process, with its part of the slots where several share the account. */
@Injectable()
export class SlotClocks {
  constructor(@Inject(Settings) private readonly settings: Settings) {}

  /** Undefined where the account has no limit. */
  for(_account: string, limits: SlotLimits): SlotClock | undefined {
    const rates = ratesOf(limits, 1 / this.settings.routing.replicas);
    return rates.length === 0 ? undefined : new LocalSlotClock(rates);
  }
}
