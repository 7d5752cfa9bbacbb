import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { Counter } from 'prom-client';
import { Metrics } from '../telemetry/metrics.js';
import type { SoftPassing } from './ledger-entries.js';
import type { BookFigures } from './book-watch.js';
import { inDollars } from './money.js';

/** What operators see of the ledger. */
@Injectable()
export class SpendMetrics {
  readonly failures: Counter;
  readonly lost: Counter;
  readonly possiblyCharged: Counter;
  readonly softBudgets: Counter;
  /** Requests that found a budget too small, by whose it is: a key's or a team's. */
  readonly refused: Counter<'scope'>;
  /** Ends of requests that are not recorded yet. */
  pending: () => number = () => 0;
  /** How the books stood at the latest look; undefined where nobody could look. */
  books: BookFigures | undefined;

  constructor(@Inject(Metrics) private readonly metrics: Metrics) {
    const counter = (name: string, help: string) =>
      new Counter({ name: `recraft_gateway_${name}_total`, help, registers: [metrics.registry] });
    this.failures = counter('ledger_failures', 'Statements of the ledger that the database did not take.');
    this.lost = counter('ledger_lost', 'Ends of requests that could not be recorded; the sweep writes them off.');
    this.possiblyCharged = counter('possibly_charged', 'Requests that Recraft may have charged for: nobody knows.');
    this.refused = new Counter({
      name: 'recraft_gateway_budgets_refused_total',
      help: 'Requests refused because a budget had no room for their price, by whose budget it was.',
      labelNames: ['scope'],
      registers: [metrics.registry],
    });
    this.softBudgets = counter('soft_budgets_passed', 'Soft budgets that were passed, once in each window.');
    metrics.watch('recraft_gateway_ledger_pending', 'Ends of requests that are not recorded yet.', () =>
      this.pending(),
    );
    this.watchBooks();
  }

  private watchBooks(): void {
    const watch = (name: string, help: string, of: (figures: BookFigures) => number): void => {
      this.metrics.watchEach(`recraft_gateway_${name}`, help, [], () =>
        this.books === undefined ? [] : [[{}, of(this.books)]],
      );
    };
    watch('budgets_near_end', 'Budgets of which nine tenths are spent or reserved.', ({ nearEnd }) => nearEnd);
    watch('budgets_exhausted', 'Budgets that are spent or reserved whole.', ({ exhausted }) => exhausted);
    watch('reservations_open', 'Requests that money is reserved for or that are under way.', ({ open }) => open);
    watch('reservations_overdue', 'Those that should have been written off a minute ago.', ({ overdue }) => overdue);
    watch(
      'reservations_leaked_dollars',
      'Money that is reserved and no request is under way for, or the reverse, in US dollars.',
      ({ leakedMicroDollars }) => inDollars(leakedMicroDollars),
    );
  }

  notePassings(passings: readonly SoftPassing[], logger: Logger): void {
    for (const { scope, soft, spent } of passings) {
      this.softBudgets.inc();
      logger.warn({ scope, softDollars: inDollars(soft), spentDollars: inDollars(spent) }, 'a soft budget was passed');
    }
  }
}
