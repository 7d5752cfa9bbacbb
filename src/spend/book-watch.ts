import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import type { SpendMetrics } from './spend-metrics.js';

/** Often enough for alerts, which wait for minutes; it reads every budget. */
const LOOK_EVERY_MS = 30_000;

/** What operators should know of the books. */
export interface BookFigures {
  /** Budgets of which nine tenths are spent or reserved, and not all. */
  readonly nearEnd: number;
  readonly exhausted: number;
  /** Requests that are recorded as about to be sent or under way. */
  readonly open: number;
  /** Of those, the ones that the sweep should have written off a minute ago. */
  readonly overdue: number;
  /** Money that budgets hold reserved for no request under way, or the reverse. Zero, unless the books are wrong. */
  readonly leakedMicroDollars: number;
}

const LOOK = `
  with budget as (
    select scope, window_no, reserved_micro_dollars as reserved, max_micro_dollars as most,
      case when resets_at <= now() then 0 else spent_micro_dollars + reserved_micro_dollars end as used
    from budgets
  ), held as (
    select s.scope, s.win, sum(coalesce(price_micro_dollars, 0))::bigint as reserved
    from dispatches, unnest(scopes, windows) as s(scope, win) group by s.scope, s.win
  )
  select
    (select count(*) from budget where used < most and used >= 0.9 * most) as "nearEnd",
    (select count(*) from budget where used >= most) as exhausted,
    (select count(*) from dispatches) as open,
    (select count(*) from dispatches where deadline < now() - interval '1 minute') as overdue,
    (select coalesce(sum(abs(b.reserved - coalesce(h.reserved, 0))), 0)::bigint
      from budget b left join held h on h.scope = b.scope and h.win = b.window_no) as "leakedMicroDollars"`;

/** Looks at budgets and reservations now and then, for the metrics: a scrape must not wait for the database. */
export class BookWatch implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly metrics: SpendMetrics,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.running = this.look();
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.look());
    }, LOOK_EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** Takes the figures anew; where the database does not answer, nothing is known. Never rejects. */
  async look(): Promise<void> {
    try {
      [this.metrics.books] = await this.database.query<BookFigures>(LOOK, []);
    } catch (error) {
      this.metrics.books = undefined;
      this.logger.debug({ err: error }, 'the database does not tell how the books stand');
    }
  }
}
