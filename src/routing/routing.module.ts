import { Module } from '@nestjs/common';
import { Accounts } from './accounts.js';
import { DeploymentChooser } from './deployment-chooser.js';
import { Dispatcher } from './dispatcher.js';
import { Fallback } from './fallback.js';
import { RoutingMetrics } from './routing-metrics.js';
import { SlotClocks } from './slots/slot-clocks.js';
import { Targets } from './targets.js';

/** Which deployment of a group serves a request, and when. */
@Module({
  providers: [Accounts, DeploymentChooser, Dispatcher, Fallback, RoutingMetrics, SlotClocks, Targets],
  exports: [Accounts, Dispatcher, Fallback],
})
export class RoutingModule {}
