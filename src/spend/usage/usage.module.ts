import { Module } from '@nestjs/common';
import { SpendModule } from '../spend.module.js';
import { SpendController } from './spend.controller.js';
import { SpendLog } from './spend-log.js';
import { SpendSums } from './spend-sums.js';
import { UsageController } from './usage.controller.js';

/** What the ledger tells: to operators about everybody, to a key about itself. */
@Module({
  imports: [SpendModule],
  controllers: [SpendController, UsageController],
  providers: [SpendLog, SpendSums],
})
export class UsageModule {}
