import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { Metrics } from '../telemetry/metrics.js';
import type { SoftPassing } from './ledger-entries.js';
import { inDollars } from './money.js';

/** What operators see of the ledger. */
@Injectable()
export class SpendMetrics {
  readonly failures: Counter;
  readonly lost: Counter;
  readonly possiblyCharged: Counter;
  readonly softBudgets: Counter;

  constructor(@Inject(Metrics) private readonly metrics: Metrics) {
    const counter = (name: string, help: string) =>
      new Counter({ name: `recraft_gateway_${name}_total`, help, registers: [metrics.registry] });
    this.failures = counter('ledger_failures', 'Statements of the ledger that the database did not take.');
    this.lost = counter('ledger_lost', 'Ends of requests that could not be recorded; the sweep writes them off.');
    this.possiblyCharged = counter('possibly_charged', 'Requests that Recraft may have charged for: nobody knows.');
    this.softBudgets = counter('soft_budgets_passed', 'Soft budgets that were passed, once in each window.');
  }

  watchPending(read: () => number): void {
    this.metrics.watch('recraft_gateway_ledger_pending', 'Ends of requests that are not recorded yet.', read);
  }

  notePassings(passings: readonly SoftPassing[], logger: Logger): void {
    for (const { scope, soft, spent } of passings) {
      this.softBudgets.inc();
      logger.warn({ scope, softDollars: inDollars(soft), spentDollars: inDollars(spent) }, 'a soft budget was passed');
    }
  }
}
