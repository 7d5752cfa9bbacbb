import type { OnApplicationBootstrap, OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import { REMEMBER_LOST } from './dispatches.js';
import { APPLY, batchAnswer, type EndingEntry } from './ledger-entries.js';
import { inDollars } from './money.js';
import type { SpendMetrics } from './spend-metrics.js';

const SWEEP_EVERY_MS = 2_000;
/** In one transaction; the rest follows at once. */
const LARGEST_SWEEP = 500;

interface Unfinished {
  readonly id: string;
  readonly seq: number;
  readonly print: string | null;
  readonly key_alias: string | null;
  readonly model: string | null;
  readonly price: number | null;
}

/** As Dispatches.find has it, the deadline itself is over. Gateways that sweep at the same time take different rows. */
const DUE = `
  select request_id as id, sequence as seq, print, key_alias, model, price_micro_dollars as price
  from dispatches where deadline <= now() order by deadline limit ${LARGEST_SWEEP} for update skip locked`;

/**
 * Writes off what nobody ended, because its gateway died: the provider may have charged, so it is recorded as possibly
 * charged and its price stays taken from the budgets.
 */
export class DispatchSweep implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  /** @param retryWindowMs for how long a retry of a call that was written off is told so */
  constructor(
    private readonly database: Database,
    private readonly metrics: SpendMetrics,
    private readonly logger: Logger,
    private readonly retryWindowMs: number,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.sweepQuietly());
    }, SWEEP_EVERY_MS).unref();
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** @returns how many requests were written off */
  async sweep(): Promise<number> {
    let swept = 0;
    for (;;) {
      const unfinished = await this.sweepSome();
      swept += unfinished.length;
      if (unfinished.length < LARGEST_SWEEP) return swept;
    }
  }

  private async sweepSome(): Promise<readonly Unfinished[]> {
    const { unfinished, passed } = await this.database.transaction(async (query) => {
      const unfinished = await query<Unfinished>(DUE);
      if (unfinished.length === 0) return { unfinished, passed: [] };
      const endings = unfinished.map(({ id, seq }): EndingEntry => ({
        id,
        seq,
        status: 'possibly_charged',
        fault: 'unfinished',
      }));
      const lost = unfinished.filter(({ print }) => print !== null).map(({ id, print }) => ({ id, print }));
      if (lost.length > 0) await query(REMEMBER_LOST, [JSON.stringify(lost), this.retryWindowMs]);
      const [row] = await query<{ answer: string }>(APPLY, [JSON.stringify(endings), '[]']);
      return { unfinished, passed: batchAnswer(row?.answer).passed ?? [] };
    });
    this.metrics.notePassings(passed, this.logger);
    for (const { id, key_alias, model, price } of unfinished) {
      this.metrics.possiblyCharged.inc();
      this.logger.warn(
        { id, key: key_alias, model, priceDollars: price === null ? undefined : inDollars(price) },
        'a request was never finished: Recraft may have charged for it',
      );
    }
    return unfinished;
  }

  private async sweepQuietly(): Promise<void> {
    try {
      await this.sweep();
    } catch (error) {
      this.metrics.failures.inc();
      this.logger.warn({ err: error }, 'unfinished requests cannot be looked for');
    }
  }
}
