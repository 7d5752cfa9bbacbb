import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import type { Duration } from './duration.js';

const EVERY_MS = 3_600_000;
/** In one statement; the rest follows at once. */
const LARGEST_STEP = 5_000;

/** Requests leave the log and join the sums of their day in one statement: a report counts each once, whenever it looks. */
const ROLL_UP = `
  with old as (
    delete from spend_logs where id in (
      select id from spend_logs where started_at < now() - make_interval(secs => $1, months => $2)
      order by started_at limit ${LARGEST_STEP} for update skip locked
    ) returning *
  ), rolled as (
    insert into spend_daily as d
    select (started_at at time zone 'utc')::date, key_id, coalesce(key_alias, ''), coalesce(team_id, ''),
      coalesce(model, ''), coalesce(operation, ''), count(*), count(*) filter (where status = 'failure'), sum(images),
      sum(cost_micro_dollars), sum(unconfirmed_micro_dollars)
    from old group by 1, 2, 3, 4, 5, 6
    on conflict (day, key_id, key_alias, team_id, model, operation) do update set
      requests = d.requests + excluded.requests,
      failures = d.failures + excluded.failures,
      images = d.images + excluded.images,
      cost_micro_dollars = d.cost_micro_dollars + excluded.cost_micro_dollars,
      unconfirmed_micro_dollars = d.unconfirmed_micro_dollars + excluded.unconfirmed_micro_dollars
  )
  select count(*) as moved from old`;

/** Keeps single requests for as long as the operator wants; what older ones came to stays, by day. */
export class RollUp implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly retention: Duration,
    private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.start();
    this.timer = setInterval(() => {
      this.start();
    }, EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** @returns how many requests were rolled up */
  async run(): Promise<number> {
    const { seconds, months } = { seconds: 0, months: 0, ...this.retention };
    let total = 0;
    for (;;) {
      const [row] = await this.database.query<{ moved: number }>(ROLL_UP, [seconds, months]);
      const moved = row?.moved ?? 0;
      total += moved;
      if (moved < LARGEST_STEP) return total;
    }
  }

  private start(): void {
    this.running = this.running
      .then(() => this.run())
      .then(
        (moved) => {
          if (moved > 0) this.logger.info({ moved }, 'old requests were rolled up by day');
        },
        (error: unknown) => {
          this.logger.warn({ err: error }, 'old requests cannot be rolled up');
        },
      );
  }
}
