import { Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import { LOGGER } from '../telemetry/logger.js';
import { BookWatch } from './book-watch.js';
import { Budgets } from './budgets.js';
import { DatabaseLedger } from './database-ledger.js';
import { Dispatches } from './dispatches.js';
import { DispatchSweep } from './dispatch-sweep.js';
import { Ledger } from './ledger.js';
import { LedgerBatches } from './ledger-batches.js';
import { RollUp } from './roll-up.js';
import { SpendMetrics } from './spend-metrics.js';
import { Unrecorded } from './unrecorded.js';

/** What was spent, by whom, and what may be. */
@Module({
  providers: [
    Budgets,
    SpendMetrics,
    {
      provide: Ledger,
      inject: [Database, Settings, SpendMetrics, LOGGER],
      useFactory: (database: Database | undefined, { spend }: Settings, metrics: SpendMetrics, logger: Logger) =>
        database
          ? new DatabaseLedger(new LedgerBatches(database, metrics, logger), metrics, spend.marginMs)
          : new Unrecorded(),
    },
    {
      provide: Dispatches,
      inject: [Database],
      useFactory: (database: Database | undefined) => database && new Dispatches(database),
    },
    {
      provide: DispatchSweep,
      inject: [Database, Settings, SpendMetrics, LOGGER],
      useFactory: (database: Database | undefined, { once }: Settings, metrics: SpendMetrics, logger: Logger) =>
        database && new DispatchSweep(database, metrics, logger, once.retryWindowMs),
    },
    {
      provide: BookWatch,
      inject: [{ token: Database, optional: true }, SpendMetrics, LOGGER],
      useFactory: (database: Database | undefined, metrics: SpendMetrics, logger: Logger) =>
        database && new BookWatch(database, metrics, logger),
    },
    {
      provide: RollUp,
      inject: [{ token: Database, optional: true }, Settings, LOGGER],
      useFactory: (database: Database | undefined, { spend: { retention } }: Settings, logger: Logger) =>
        database && retention && new RollUp(database, retention, logger),
    },
  ],
  exports: [Budgets, Dispatches, Ledger],
})
export class SpendModule {}
