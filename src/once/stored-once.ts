import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { CallRecord } from '../telemetry/call-record.js';
import type { AnswerStore, KeyedRequest, StoredCall } from './answer-store.js';
import { Patience, type UsualTimes } from './patience.js';
import { failureOf, idempotencyMismatch, idempotencyRunning, lostAnswer, lostCall } from './refusals.js';
import { replayHeaders, type SharedAnswer } from './shared-answer.js';

/** Does work under an idempotency key once for all replicas: what another has done, or does now, is not done again. */
export class StoredOnce {
  constructor(
    private readonly store: AnswerStore,
    private readonly whileRunning: Settings['once']['whileRunning'],
    private readonly usual: UsualTimes,
    private readonly logger: Logger,
  ) {}

  /** @throws what the work throws, or threw elsewhere; GatewayError `idempotencyMismatch`, `idempotencyRunning` or `answerLost` */
  async run(
    request: KeyedRequest,
    call: CallRecord,
    answer: SharedAnswer,
    work: (answer: SharedAnswer) => Promise<void>,
  ): Promise<void> {
    for (;;) {
      const earlier = await this.store.claim(request);
      if (!earlier) return this.pay(request, call, answer, work);
      const outcome = await this.settled(request, earlier, call);
      if (!outcome) continue;
      call.joined = outcome.requestId;
      replay(outcome, call, answer);
      return;
    }
  }

  private async settled(request: KeyedRequest, earlier: StoredCall, call: CallRecord): Promise<StoredCall | undefined> {
    if (earlier.fingerprint !== request.fingerprint) throw idempotencyMismatch();
    if (earlier.state !== 'running' || earlier.isAbandoned) return earlier;
    if (this.whileRunning === 'conflict') throw idempotencyRunning();
    using patience = new Patience(call, this.usual, idempotencyRunning);
    return await this.store.outcomeOf(request, earlier, patience.signal);
  }

  private async pay(
    request: KeyedRequest,
    call: CallRecord,
    answer: SharedAnswer,
    work: (answer: SharedAnswer) => Promise<void>,
  ): Promise<void> {
    try {
      await work(answer);
    } catch (error) {
      await this.note(call, () => this.noteFailure(request, call, error));
      throw error;
    }
    await this.note(call, () => this.store.answered(request, answer.stored()));
  }

  private noteFailure(request: KeyedRequest, { times }: CallRecord, error: unknown): Promise<void> {
    if (times.sentAt === undefined || (error instanceof GatewayError && !error.mayBeCharged)) {
      return this.store.giveBack(request);
    }
    return this.store.failed(request, failureOf(error));
  }

  /** The answer is out already: what cannot be stored counts as lost with its process later. */
  private async note({ id, traceId }: CallRecord, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      this.logger.error({ id, traceId, err: error }, 'the answer under an idempotency key cannot be stored');
    }
  }
}

/** Gives an answer again. @throws GatewayError where there is none */
export function replay({ state, answer, failure }: StoredCall, call: CallRecord, to: SharedAnswer): void {
  if (state === 'running') throw lostCall();
  if (failure) throw new GatewayError(failure.fault, failure.message, detailsOf(failure));
  if (answer.body === null) throw lostAnswer();
  to.writeHead(answer.status, replayHeaders(answer.headers, call));
  to.end(answer.body);
}

function detailsOf({ code, param }: NonNullable<StoredCall['failure']>) {
  return { code, ...(param !== null && { param }) };
}
