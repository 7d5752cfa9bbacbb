import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '../errors/gateway-error.js';
import type { Attempt } from '../images/image-provider.js';
import { type Deployment, timeoutOf } from '../registry/deployment.js';
import type { ModelGroup } from '../registry/model-group.js';
import type { CallRecord } from '../telemetry/call-record.js';
import { traced } from '../telemetry/call-trace.js';
import { abortSignalOf } from '../telemetry/leaving.js';
import type { DeploymentChooser } from './deployment-chooser.js';
import { observeAttempt } from './observed-attempt.js';
import { isFailure, isOutage, type RetryRules } from './retry-rules.js';
import type { RoutingMetrics } from './routing-metrics.js';
import { SentElsewhere, type Slot } from './slots/account-slots.js';
import type { Waiting } from './slots/fair-queue.js';
import type { Target } from './target.js';

/** What is sent, and what is to be known about it. */
export interface Work<T> {
  /**
   * Makes the request ready for another deployment than the one it was made ready for.
   *
   * @returns false where it needs a new admission, for instance because it is dearer there
   * @throws GatewayError where that deployment cannot serve it
   */
  prepare(deployment: Deployment): boolean;
  /**
   * Its turn has come, perhaps after a long wait: whether it may still be sent.
   *
   * @throws GatewayError where it may not
   */
  confirm(): void | Promise<void>;
  send(deployment: Deployment, attempt: Attempt): Promise<T>;
  /** Whether nobody has seen anything of the answer yet. */
  mayRepeat(): boolean;
}

export interface DispatchTools {
  readonly chooser: DeploymentChooser;
  readonly rules: RetryRules;
  readonly metrics: RoutingMetrics;
  readonly queueTimeoutMs: number;
  /** Whatever an account answers, it stays in service. */
  readonly noOutages: boolean;
}

export interface DispatchedRequest {
  readonly group: ModelGroup;
  readonly operation: string;
  readonly call: CallRecord;
  readonly wish: Waiting;
  /** How often the caller wants it sent again at most; undefined: the operator's choice. */
  readonly retries: number | undefined;
}

/** What is to be known of any answer. */
interface Answered {
  readonly upstreamRequestId: string | undefined;
}

/** One request on its way to a model group: waits for a slot, is sent, and sent again where that is safe. */
export class Dispatch {
  /** Made when a first deployment has failed. */
  private tried: Set<Target> | undefined;
  private wantsAdmission = false;
  private repeats = 0;
  /** How often it left an account that turned out to be busy. */
  private moves = 0;
  private failure: GatewayError | undefined;

  constructor(
    private readonly tools: DispatchTools,
    private readonly request: DispatchedRequest,
    private target: Target,
  ) {
    request.call.deploymentId = target.deployment.id;
  }

  /** The deployment that would serve the request now: what it is checked against and priced by. */
  get deployment(): Deployment {
    return this.target.deployment;
  }

  /**
   * After `run` has rejected: whether the request may run again, once it was made ready and admitted anew. Says so once:
   * where it is not admitted, that was the end.
   */
  goesOn(): boolean {
    const wants = this.wantsAdmission;
    this.wantsAdmission = false;
    return wants;
  }

  /**
   * Sends the request when its turn comes, and again where it failed in a way that surely cost nothing, within its time.
   *
   * @throws GatewayError why it was not served, or the signal's reason where the caller left
   */
  run<T extends Answered>(work: Work<T>): Promise<T> {
    const { call } = this.request;
    const beganAt = performance.now();
    const { queuedMs } = call;
    return this.attempt(work).catch(async (error: unknown) => {
      await this.recover(error, work);
      call.lostMs += performance.now() - beganAt - (call.queuedMs - queuedMs);
      return this.run(work);
    });
  }

  private async attempt<T extends Answered>(work: Work<T>): Promise<T> {
    const { call } = this.request;
    const { deployment, state } = this.target;
    const { times } = call;
    times.sentAt = undefined;
    times.firstByteAt = undefined;
    const turn = traced(call, 'queue', () => this.slot());
    const slot = turn instanceof Promise ? await turn : turn;
    // Its key was checked a moment ago, but for what had to wait.
    if (slot !== turn || this.repeats > 0) await confirmed(work, slot);
    const beganAt = performance.now();
    times.onSent = slot.sent;
    const longestMs = timeoutOf(deployment, call.asked.isStreamed);
    const timeoutMs = Math.max(1, Math.min(longestMs, (call.deadlineAt ?? Infinity) - beganAt));
    const observed = observeAttempt(call, this.request.operation, deployment, this.tools.metrics);
    state.inFlight++;
    try {
      const { traceparent } = observed;
      const result = await work.send(deployment, { signal: call.signal, times, timeoutMs, traceparent });
      state.succeeded(performance.now() - beganAt);
      observed.end(undefined, result.upstreamRequestId);
      return result;
    } catch (error) {
      if (error instanceof GatewayError) this.learn(error);
      observed.end(error instanceof GatewayError ? error.fault : call.signal.aborted ? 'caller_left' : 'internal');
      throw error;
    } finally {
      state.inFlight--;
      slot.leave();
    }
  }

  private slot(): Slot | Promise<Slot> {
    const { call, wish } = this.request;
    const { account, state } = this.target;
    const now = performance.now();
    const left = (call.deadlineAt ?? Infinity) - now;
    if (left <= 0) throw new GatewayError('queueFull', 'The time of the request is over.', { retryAfterSeconds: 1 });
    // A slot that comes so late that no picture can be drawn any more would be paid for nothing.
    const drawingMs = Math.min(state.latencyMs ?? 0, left / 2);
    const waitUntil = now + Math.min(this.tools.queueTimeoutMs, left - drawingMs);
    const images = wish.images === 0 ? 0 : call.images;
    const slot = account.slots.enter({
      ...wish,
      images,
      signal: call.signal,
      waitUntil,
      endsAt: now + left,
      usualMs: state.latencyMs,
      isSoonerElsewhere: this.mayMove ? () => this.isSoonerElsewhere() : undefined,
    });
    if (!(slot instanceof Promise)) return slot;
    return slot.finally(() => {
      call.queuedMs += performance.now() - now;
    });
  }

  private get mayMove(): boolean {
    return this.moves < this.request.group.deployments.length - 1;
  }

  private isSoonerElsewhere(): boolean {
    const { group, operation, wish } = this.request;
    const isSooner = this.tools.chooser.isSoonerElsewhere(group, operation, wish, this.target);
    if (isSooner) this.moves++;
    return isSooner;
  }

  /** What a failure says of the deployment and its account. */
  private learn(error: GatewayError): void {
    const { account, state } = this.target;
    const { metrics, noOutages } = this.tools;
    if (isFailure(error.fault) && state.failed()) metrics.cooledDown();
    if (isOutage(error.fault) && !noOutages) {
      account.takeOut(error);
      metrics.tookOut(error.fault);
    }
    if (error.fault !== 'upstreamRateLimited') return;
    account.slots.backOff(this.request.call.times.sentAt ?? 0, (error.retryAfterSeconds ?? 0) * 1000);
    metrics.backedOff();
  }

  /** Gets ready for the next attempt. @throws what went wrong, where there is none */
  private async recover<T>(error: unknown, work: Work<T>): Promise<void> {
    const { chooser, rules, metrics } = this.tools;
    const { group, operation, wish, call, retries } = this.request;
    if (error instanceof SentElsewhere) {
      this.moveTo(chooser.choose(group, operation, wish), work, error);
      return;
    }
    if (!(error instanceof GatewayError) || call.signal.aborted || !work.mayRepeat()) throw error;
    // What was refused a slot after a failure failed for that failure.
    if (error.fault === 'queueFull') throw this.failure ?? error;
    this.failure = error;
    const verdict = rules.judge(error, this.repeats, retries);
    if (verdict === 'nowhere') throw error;
    const other = this.other(work);
    if (!other && verdict === 'elsewhere') throw error;
    if (!other) await this.pause(rules.pauseMs(error, this.repeats), error);
    this.repeats++;
    call.retries++;
    metrics.retried(error.fault);
    call.mayBeCharged ||= error.mayBeCharged;
    if (other && !other.isAdmitted) this.admitAnew(error);
    if (error.mayBeCharged) this.admitAnew(error);
  }

  /** Moves on to a deployment that was not tried yet and can serve the request. */
  private other<T>(work: Work<T>): { readonly isAdmitted: boolean } | undefined {
    const { group, operation, wish } = this.request;
    const tried = (this.tried ??= new Set());
    tried.add(this.target);
    for (;;) {
      const other = this.tools.chooser.chooseOther(group, operation, wish, tried);
      if (!other) return undefined;
      tried.add(other);
      try {
        const isAdmitted = work.prepare(other.deployment);
        this.setTarget(other);
        return { isAdmitted };
      } catch (error) {
        if (!(error instanceof GatewayError)) throw error;
        // This one cannot serve the request at all: the next one may.
      }
    }
  }

  private async pause(ms: number, error: GatewayError): Promise<void> {
    const { call } = this.request;
    if (performance.now() + ms >= (call.deadlineAt ?? Infinity)) throw error;
    await sleep(ms, undefined, { signal: abortSignalOf(call.signal) }).catch(() => {
      throw call.signal.reason;
    });
  }

  private moveTo<T>(target: Target, work: Work<T>, error: Error): void {
    if (target === this.target) return;
    const isAdmitted = work.prepare(target.deployment);
    this.setTarget(target);
    if (!isAdmitted) this.admitAnew(error);
  }

  private setTarget(target: Target): void {
    this.target = target;
    this.request.call.deploymentId = target.deployment.id;
  }

  private admitAnew(error: Error): never {
    this.wantsAdmission = true;
    throw error;
  }
}

/** Others may have the slot of what is not sent. */
async function confirmed<T>(work: Work<T>, slot: Slot): Promise<void> {
  try {
    await work.confirm();
  } catch (error) {
    slot.giveBack();
    throw error;
  }
}
