import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  type OnModuleDestroy,
} from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { Settings } from '../config/settings.js';
import { Database } from '../database/database.js';
import type { Outlet } from '../images/outlet.js';
import { allPicturesOf } from '../images/request-body.js';
import { Dispatches } from '../spend/dispatches.js';
import type { CallRecord } from '../telemetry/call-record.js';
import { UnderWay } from '../shutdown/under-way.js';
import { LOGGER } from '../telemetry/logger.js';
import { Metrics } from '../telemetry/metrics.js';
import { AcrossReplicas, type Asked } from './across-replicas.js';
import { AnswerCopy, CopyBudget } from './answer-copy.js';
import { Fingerprint } from './fingerprint.js';
import { idempotencyKey, repeatsOf } from './idempotency-key.js';
import { PaidCall } from './paid-call.js';
import { PaidCalls } from './paid-calls.js';
import { Patience, type UsualTimes, usualTimesOf } from './patience.js';
import { idempotencyMismatch, idempotencyRunning, stillRunning } from './refusals.js';
import { scopeOf } from './scope.js';
import type { Reader } from './shared-answer.js';

const SWEEP_MS = 30_000;

/**
 * Sees to it that a request is paid once (docs/decisions/paid-once.md): a repeat is given the answer of the call that runs
 * or has run, and a call that was sent is finished though its caller has left.
 */
@Injectable()
export class OnceService implements OnApplicationBootstrap, OnModuleDestroy, BeforeApplicationShutdown {
  private readonly calls = new PaidCalls();
  private readonly budget: CopyBudget;
  private readonly running = new UnderWay();
  private readonly sweeping: NodeJS.Timeout;
  private readonly replicas: AcrossReplicas | undefined;
  private readonly usual: UsualTimes;

  constructor(
    @Inject(Settings) private readonly settings: Pick<Settings, 'once' | 'spend' | 'models'>,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(Metrics) private readonly metrics: Metrics,
    @Inject(Database) database: Database | undefined,
    @Inject(Dispatches) dispatches: Dispatches | undefined,
  ) {
    this.usual = usualTimesOf(settings.models);
    this.replicas = database && dispatches && new AcrossReplicas(database, dispatches, settings, logger);
    this.budget = new CopyBudget(settings.once.memoryBytes, (worth) => this.calls.makeRoom(worth));
    metrics.watch('recraft_gateway_kept_answer_bytes', 'Bytes of answers kept for repeats.', () => this.budget.inUse);
    this.sweeping = setInterval(() => {
      this.sweep();
    }, SWEEP_MS).unref();
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.replicas?.begin((id) => this.calls.findRunning(id));
  }

  /**
   * Answers a request: by `work`, or with the answer of the call that asked for the same.
   *
   * @throws what the work throws; GatewayError `idempotencyMismatch`, `idempotencyRunning` or `answerLost`
   */
  answer(request: Request, response: Response, work: (answer: Outlet) => Promise<void>): Promise<void> {
    const key = idempotencyKey(request.headers);
    const scope = scopeOf(request);
    const fingerprint = new Fingerprint({ fields: request.body as object, pictures: allPicturesOf(request) });
    const { isRetry, marksRepeats } = repeatsOf(request.headers);
    const asked = { scope, key, fingerprint, isRetry, marksRepeats };
    const reader = { response, call: request.call };
    return this.mayBeRepeat(asked) ? this.answerRepeat(asked, reader, work) : this.pay(asked, reader, work);
  }

  /** Most requests say nothing of having been made before. */
  private mayBeRepeat({ key, isRetry }: Asked): boolean {
    return key !== undefined || isRetry || this.settings.once.coalesceMs > 0;
  }

  private async answerRepeat(asked: Asked, reader: Reader, work: (answer: Outlet) => Promise<void>): Promise<void> {
    const { call } = reader;
    // Its body is read to find what it repeats.
    call.isWorkedOn = true;
    const repeated = await this.repeatedBy(asked).finally(() => {
      call.workOver();
    });
    if (repeated === undefined) return this.pay(asked, reader, work);
    if (repeated === 'free') return this.pay({ ...asked, isRetry: false }, reader, work);
    this.metrics.joined.inc();
    await this.join(repeated, reader);
  }

  /** The call whose answer a request is to be given; `free` where there was one that cost nothing. */
  private async repeatedBy(asked: Asked): Promise<PaidCall | 'free' | undefined> {
    const earlier = await this.earlier(asked);
    if (earlier?.isFree === true) {
      earlier.expire();
      return 'free';
    }
    if (earlier && asked.key !== undefined) await this.checkSame(earlier, asked.fingerprint);
    return earlier;
  }

  /** Calls whose callers have left are worked on until they are done. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.running.idle();
  }

  onModuleDestroy(): void {
    clearInterval(this.sweeping);
  }

  private sweep(): void {
    this.calls.sweep();
    this.replicas?.sweep().catch((error: unknown) => {
      this.logger.warn({ err: error }, 'answers that have expired cannot be deleted');
    });
  }

  /** The call of this process that asked for the same. */
  private async earlier({ scope, key, fingerprint, isRetry }: Asked): Promise<PaidCall | undefined> {
    const earlier =
      key === undefined
        ? await this.calls.findByFingerprint(scope, fingerprint, isRetry)
        : this.calls.findByKey(scope, key);
    // What is not in memory any more may be in the database.
    const mayBeStored = this.replicas !== undefined && (key !== undefined || isRetry);
    return earlier?.isLost === true && mayBeStored ? undefined : earlier;
  }

  private async join(earlier: PaidCall, reader: Reader): Promise<void> {
    using patience = new Patience(
      reader.call,
      this.usual,
      earlier.key === undefined ? stillRunning : idempotencyRunning,
    );
    const leave = (): void => {
      earlier.leave(reader);
    };
    reader.response.once('close', leave);
    try {
      await earlier.readBy(reader, patience);
    } catch (error) {
      // What it is told now is no answer to the call.
      reader.response.off('close', leave);
      leave();
      throw error;
    }
  }

  private async checkSame(earlier: PaidCall, fingerprint: Fingerprint): Promise<void> {
    if ((await earlier.fingerprint.make()) !== (await fingerprint.make())) throw idempotencyMismatch();
    if (earlier.outcome === 'running' && this.settings.once.whileRunning === 'conflict') throw idempotencyRunning();
  }

  private pay(asked: Asked, first: Reader, work: (answer: Outlet) => Promise<void>): Promise<void> {
    // It may have left while it was looked for what it repeats.
    if (first.call.signal.aborted) throw first.call.signal.reason;
    const { scope, key, fingerprint, marksRepeats } = asked;
    const { replicas } = this;
    const call = new PaidCall({
      first,
      key,
      fingerprint,
      copy: new AnswerCopy(this.budget),
      marksRepeats,
      outlivesReaders: this.settings.once.finishAbandoned,
      onOrphaned: () => replicas?.orphaned(asked, call),
      coalesceMs: this.settings.once.coalesceMs,
    });
    this.calls.add(scope, call);
    replicas?.announce(asked, first.call);
    const done = call.run((answer) => replicas?.run(asked, first.call, answer, work) ?? work(answer));
    this.concludeWhenOver(asked, call, first, done);
    return done;
  }

  /** Once the work is done and its first caller gone. */
  private concludeWhenOver(asked: Asked, call: PaidCall, first: Reader, done: Promise<void>): void {
    let leftEarly: boolean | undefined;
    let isOver = false;
    const conclude = (): void => {
      if (isOver && leftEarly !== undefined) void this.conclude(asked, call, first.call, leftEarly);
    };
    const end = (): void => {
      isOver = true;
      conclude();
    };
    const leave = (): void => {
      leftEarly = call.outcome === 'running';
      call.leave(first);
      conclude();
    };
    this.running.enter();
    first.call.isWorkedOn = true;
    first.response.on('close', leave);
    done.then(end, end); // Its own caller is told.
  }

  /** Keeps or forgets a call. Never rejects. */
  private async conclude(asked: Asked, call: PaidCall, record: CallRecord, leftEarly: boolean): Promise<void> {
    if (leftEarly) this.noteFinished(record, call);
    const telling = this.replicas?.conclude(asked, call);
    if (telling) await telling;
    if (call.mustBeKept || this.isToBeTold(asked, call)) await this.keep(asked.scope, call, record);
    else this.calls.drop(asked.scope, call);
    this.running.leave();
    record.workOver();
  }

  /** The retry of a call that cost nothing is sent, and not given the answer to another request for the same. */
  private isToBeTold({ scope, key, marksRepeats }: Asked, call: PaidCall): boolean {
    return marksRepeats && key === undefined && call.hasFailed && this.calls.hasTwin(scope, call);
  }

  /** The body is about to go, and with it what tells one request from another. */
  private async keep(scope: string, call: PaidCall, { id, traceId }: CallRecord): Promise<void> {
    await call.fingerprint.make().catch((error: unknown) => {
      this.logger.error({ id, traceId, err: error }, 'A body cannot be read');
    });
    this.calls.keep(scope, call, this.lifetimeOf(call));
  }

  private lifetimeOf({ key, delivered, marksRepeats }: PaidCall): number {
    const { keyLifetimeMs, retryWindowMs, coalesceMs } = this.settings.once;
    if (key !== undefined) return keyLifetimeMs;
    if (!delivered) return retryWindowMs;
    return marksRepeats ? Math.max(retryWindowMs, coalesceMs) : coalesceMs;
  }

  /** The request's own line was written when its caller left; what it came to is said here. */
  private noteFinished(record: CallRecord, { outcome }: PaidCall): void {
    const { id, traceId, operation, model, upstreamRequestId: upstreamId, fault } = record;
    const isAnswered = outcome === 'answered';
    if (isAnswered) this.metrics.observePictures(record);
    const images = isAnswered ? record.images : 0;
    const cost = isAnswered ? record.costMicroDollars : record.chargedMicroDollars;
    const costDollars = (cost ?? 0) / 1_000_000;
    this.logger.info(
      { id, traceId, outcome, fault, operation, model, images, costDollars, upstreamId },
      'finished without its caller',
    );
  }
}
