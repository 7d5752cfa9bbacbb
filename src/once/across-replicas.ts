import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import type { Database } from '../database/database.js';
import type { Outlet } from '../images/outlet.js';
import type { Dispatches } from '../spend/dispatches.js';
import type { CallRecord } from '../telemetry/call-record.js';
import { AnswerStore, type StoredCall } from './answer-store.js';
import type { Fingerprint } from './fingerprint.js';
import type { PaidCall } from './paid-call.js';
import { mostTimeOf, Patience, type UsualTimes, usualTimesOf } from './patience.js';
import { stillRunning } from './refusals.js';
import { RetriesElsewhere } from './retries-elsewhere.js';
import type { SharedAnswer } from './shared-answer.js';
import { replay, StoredOnce } from './stored-once.js';

/** What somebody asks for, and how it is told from what others ask for. */
export interface Asked {
  readonly scope: string;
  /** The request's own idempotency key. */
  readonly key: string | undefined;
  readonly fingerprint: Fingerprint;
  /** Its client says that it was sent before. */
  readonly isRetry: boolean;
  /** Its client says so whenever it sends one again. */
  readonly marksRepeats: boolean;
}

/** Does work once for all replicas that share a database. */
export class AcrossReplicas {
  private readonly store: AnswerStore;
  private readonly stored: StoredOnce;
  private readonly elsewhere: RetriesElsewhere;
  private readonly usual: UsualTimes;

  constructor(
    database: Database,
    dispatches: Dispatches,
    private readonly settings: Pick<Settings, 'once' | 'spend' | 'models'>,
    logger: Logger,
  ) {
    const { whileRunning, retryWindowMs } = settings.once;
    this.usual = usualTimesOf(settings.models);
    this.store = new AnswerStore(database);
    this.stored = new StoredOnce(this.store, whileRunning, this.usual, logger);
    this.elsewhere = new RetriesElsewhere(this.store, dispatches, retryWindowMs, logger);
  }

  /** Listens for other replicas that want the answer of a call of this one. @throws GatewayError `databaseDown` */
  begin(findRunning: (id: string) => [scope: string, call: PaidCall] | undefined): Promise<void> {
    return this.store.news.hearWanted((requestId) => {
      const found = findRunning(requestId);
      if (found) this.elsewhere.want(...found);
    });
  }

  /** Notes what a retry would ask for, where it would say that it is one and not bring a key. */
  announce({ scope, key, fingerprint, marksRepeats }: Asked, call: CallRecord): void {
    if (key === undefined && marksRepeats) call.print = fingerprint.glance(scope);
  }

  /** @throws what the work throws, or threw elsewhere; GatewayError `answerLost` or one of those of idempotency keys */
  run(asked: Asked, call: CallRecord, answer: SharedAnswer, work: (answer: Outlet) => Promise<void>): Promise<void> {
    const { key, isRetry } = asked;
    if (key !== undefined) return this.runUnder(key, asked, call, answer, work);
    if (!isRetry || call.print === undefined) return work(answer);
    return this.runAgain(asked, call.print, call, answer, work);
  }

  /** Nobody waits for a call here any more, and it goes on. */
  orphaned({ scope, key }: Asked, call: PaidCall): void {
    if (key === undefined) this.elsewhere.offer(scope, call);
  }

  /** A call is over: what is to be waited for, if anything. Never rejects. */
  conclude({ scope, key }: Asked, call: PaidCall): Promise<void> | undefined {
    return key === undefined ? this.elsewhere.conclude(scope, call) : undefined;
  }

  /** Forgets what has been kept long enough. @throws GatewayError `databaseDown` */
  sweep(): Promise<void> {
    return this.store.sweep();
  }

  private async runUnder(
    key: string,
    { scope, fingerprint }: Asked,
    call: CallRecord,
    answer: SharedAnswer,
    work: (answer: Outlet) => Promise<void>,
  ): Promise<void> {
    const lifetimeMs = this.settings.once.keyLifetimeMs;
    const runningMs = mostTimeOf(call.asked, this.usual) + this.settings.spend.marginMs;
    const digest = await fingerprint.make();
    const request = { scope, key, fingerprint: digest, requestId: call.id, runningMs, lifetimeMs };
    return this.stored.run(request, call, answer, work);
  }

  /** A retry: unless the call that it repeats is known at another replica. */
  private async runAgain(
    asked: Asked,
    print: string,
    call: CallRecord,
    answer: SharedAnswer,
    work: (answer: Outlet) => Promise<void>,
  ): Promise<void> {
    const outcome = await this.outcomeElsewhere(asked, call, print);
    if (!outcome) return work(answer);
    call.joined = outcome.requestId;
    replay(outcome, call, answer);
  }

  private async outcomeElsewhere(asked: Asked, call: CallRecord, print: string): Promise<StoredCall | undefined> {
    const { scope } = asked;
    const fingerprint = await asked.fingerprint.make();
    using patience = new Patience(call, this.usual, stillRunning);
    return await this.elsewhere.outcomeOf({ scope, fingerprint, print, signal: patience.signal });
  }
}
