import type { Logger } from 'pino';
import { databaseDown } from '../database/database-down.js';
import { type Database, SqlError } from '../database/database.js';
import {
  APPLY,
  batchAnswer,
  type BatchAnswer,
  type EndingEntry,
  type ReservationEntry,
  type ReservationOutcome,
} from './ledger-entries.js';
import { SpareTime } from './spare-time.js';
import type { SpendMetrics } from './spend-metrics.js';

/** Entries in one statement: more only makes those at the front wait. */
const LARGEST_BATCH = 500;
/** Endings that are kept while the database is away; what is beyond is swept after its deadline. */
const LARGEST_BACKLOG = 100_000;
/** An answer waits this long for its charge to be durable; that it was sent is durable already. */
const PATIENCE_MS = 5_000;
const OVERDUE_CHECK_MS = 500;
/** Between two attempts while the database is away. */
const RETRY_MS = 500;

interface PendingReservation {
  readonly entry: ReservationEntry;
  /** When its request has no time left, in milliseconds of `performance.now()`. */
  readonly deadlineAt: number;
  readonly resolve: (outcome: ReservationOutcome | undefined) => void;
  readonly reject: (error: unknown) => void;
}

interface PendingEnding {
  readonly entry: EndingEntry;
  readonly resolve: () => void;
  readonly since: number;
}

interface Batch {
  readonly reservations: readonly PendingReservation[];
  readonly endings: readonly PendingEnding[];
}

/**
 * Group commit: what arrives while a statement is under way goes out together in the next one
 * (docs/decisions/group-commit.md). Reservations are told when they could not be made; endings are tried again until
 * they are durable.
 */
export class LedgerBatches {
  private reservations: PendingReservation[] = [];
  private endings: PendingEnding[] = [];
  private underWay: Batch | undefined;
  private isScheduled = false;
  private retry: NodeJS.Timeout | undefined;
  private onIdle: () => void = () => undefined;
  private readonly overdueCheck: NodeJS.Timeout;

  constructor(
    private readonly database: Database,
    private readonly metrics: SpendMetrics,
    private readonly logger: Logger,
    private readonly spareTime: Pick<SpareTime, 'wasNone'> = new SpareTime(),
  ) {
    this.overdueCheck = setInterval(() => {
      this.letGoOverdue();
    }, OVERDUE_CHECK_MS).unref();
    metrics.pending = () => this.pendingEndings;
  }

  /** How many endings are not durable yet. */
  get pendingEndings(): number {
    return this.endings.length + (this.underWay?.endings.length ?? 0);
  }

  /**
   * Resolves when the reservation is durable or was refused, rejects where neither can be known, or is not in time for its request.
   *
   * @param deadlineAt when the request has no time left, in milliseconds of `performance.now()`
   */
  reserve(entry: ReservationEntry, deadlineAt = Infinity): Promise<ReservationOutcome | undefined> {
    return new Promise((resolve, reject) => {
      this.reservations.push({ entry, deadlineAt, resolve, reject });
      this.schedule();
    });
  }

  /** Resolves when the ending is durable, or when there was no waiting any longer. */
  end(entry: EndingEntry): Promise<void> {
    if (this.endings.length >= LARGEST_BACKLOG) {
      this.giveUp(entry, new Error('too many endings wait for the database'));
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.endings.push({ entry, resolve, since: performance.now() });
      this.schedule();
    });
  }

  /** Resolves when nothing waits any longer, at the latest after `patienceMs`; nothing may be added meanwhile. */
  async close(patienceMs: number): Promise<void> {
    clearInterval(this.overdueCheck);
    if (!this.isIdle) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.onIdle = () => {
        resolve(undefined);
      };
      const outOfPatience = setTimeout(this.onIdle, patienceMs);
      await promise;
      clearTimeout(outOfPatience);
    }
    clearTimeout(this.retry);
    if (this.pendingEndings === 0) return;
    this.logger.error({ endings: this.pendingEndings }, 'charges were not recorded before the end; they will be swept');
  }

  private get isIdle(): boolean {
    return !this.underWay && this.isEmpty;
  }

  private get isEmpty(): boolean {
    return this.reservations.length + this.endings.length === 0;
  }

  /**
   * At the end of this turn of the event loop, so that what arrives in the same turn goes together; at the end of the next
   * where the gateway has no time to spare, and fewer statements leave it more.
   */
  private schedule(): void {
    if (this.isScheduled || this.underWay || this.retry) return;
    this.isScheduled = true;
    const send = () => void this.send();
    setImmediate(() => {
      if (this.spareTime.wasNone()) setImmediate(send);
      else send();
    });
  }

  private async send(): Promise<void> {
    this.isScheduled = false;
    if (this.isEmpty) return; // All that it was for ran out of time.
    const batch = {
      reservations: this.reservations.splice(0, LARGEST_BATCH),
      endings: this.endings.splice(0, LARGEST_BATCH),
    };
    this.underWay = batch;
    const isDone = await this.apply(batch);
    this.underWay = undefined;
    if (this.isIdle) this.onIdle();
    else if (isDone) this.schedule();
    else this.tryLater();
  }

  /** Whether the database took the batch or is to be given it again; where it is away, the batch's endings wait. */
  private async apply(batch: Batch): Promise<boolean> {
    try {
      this.settle(batch, await this.statement(batch));
      return true;
    } catch (error) {
      if (error instanceof SqlError && error.isConflict) {
        this.reservations.unshift(...batch.reservations);
        this.endings.unshift(...batch.endings);
        return true;
      }
      this.metrics.failures.inc();
      if (error instanceof SqlError) {
        await this.applyOneByOne(batch, error);
        return true;
      }
      for (const { reject } of batch.reservations) reject(error);
      this.endings.unshift(...batch.endings);
      this.letGoOverdue();
      this.logger.error({ err: error, endings: batch.endings.length }, 'the ledger cannot be written');
      return false;
    }
  }

  private async statement({ reservations, endings }: Batch): Promise<BatchAnswer> {
    const reserving = reservations.map(({ entry }, n) => {
      entry.n = n;
      return entry;
    });
    const answer = await this.database.value(APPLY, [
      JSON.stringify(endings.map(({ entry }) => entry)),
      JSON.stringify(reserving),
    ]);
    return batchAnswer(answer);
  }

  private settle({ reservations, endings }: Batch, { reserved = [], passed = [] }: BatchAnswer): void {
    const outcomes: (ReservationOutcome | undefined)[] = [];
    for (const outcome of reserved) {
      const { n, ns = [] } = outcome;
      for (const place of n === undefined ? ns : [n]) outcomes[place] = outcome;
    }
    for (const [place, { entry, resolve, reject }] of reservations.entries()) {
      const outcome = outcomes[place];
      // Nothing is said of those that touch no budget.
      if (outcome !== undefined || entry.scopes === undefined) resolve(outcome);
      else reject(databaseDown(new Error('The database did not say what became of a reservation.')));
    }
    for (const { resolve } of endings) resolve();
    this.metrics.notePassings(passed, this.logger);
  }

  /** The database refuses the batch: whichever entry is to blame, the others must not suffer. */
  private async applyOneByOne(batch: Batch, error: unknown): Promise<void> {
    const parts = [
      ...batch.endings.map((ending) => ({ reservations: [], endings: [ending] })),
      ...batch.reservations.map((reservation) => ({ reservations: [reservation], endings: [] })),
    ];
    if (parts.length > 1) {
      for (const part of parts) await this.apply(part);
      return;
    }
    for (const { reject } of batch.reservations) reject(error);
    for (const { entry, resolve } of batch.endings) {
      this.giveUp(entry, error);
      resolve();
    }
  }

  private tryLater(): void {
    this.retry = setTimeout(() => {
      this.retry = undefined;
      void this.send();
    }, RETRY_MS).unref();
  }

  private letGoOverdue(): void {
    const now = performance.now();
    for (const { since, resolve } of [...(this.underWay?.endings ?? []), ...this.endings]) {
      if (since < now - PATIENCE_MS) resolve();
    }
    for (const { deadlineAt, reject } of [...(this.underWay?.reservations ?? []), ...this.reservations]) {
      if (deadlineAt < now) reject(databaseDown(new Error('The database took longer than the request has.')));
    }
    this.reservations = this.reservations.filter(({ deadlineAt }) => deadlineAt >= now);
  }

  private giveUp({ id, seq, status }: EndingEntry, error: unknown): void {
    this.metrics.lost.inc();
    this.logger.error({ err: error, id, seq, status }, 'the end of a request cannot be recorded; it will be swept');
  }
}
