import { Module } from '@nestjs/common';
import { KeysModule } from '../keys/keys.module.js';
import { RoutingModule } from '../routing/routing.module.js';
import { AccountCheck } from './account-check.js';
import { HealthController } from './health.controller.js';
import { PingController } from './ping.controller.js';

/** Probes for Kubernetes, and a look at the accounts for people. */
@Module({
  imports: [KeysModule, RoutingModule],
  controllers: [HealthController, PingController],
  providers: [AccountCheck],
})
export class HealthModule {}
