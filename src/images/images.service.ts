import { Inject, Injectable } from '@nestjs/common';
import { CallerCheck } from '../keys/caller-check.js';
import { checkModel, checkOperation, meantModel } from '../keys/permissions.js';
import type { Deployment } from '../registry/deployment.js';
import type { ModelGroup } from '../registry/model-group.js';
import { ModelRegistry } from '../registry/model-registry.js';
import type { Dispatch, Work } from '../routing/dispatch.js';
import { Dispatcher } from '../routing/dispatcher.js';
import { Fallback } from '../routing/fallback.js';
import { BudgetsChanged } from '../spend/ledger.js';
import type { Afterwards, CallRecord } from '../telemetry/call-record.js';
import { traced } from '../telemetry/call-trace.js';
import { Admission } from './admission.js';
import { toldAfterCharge } from './after-charge.js';
import type { ImageOrder } from './image-order.js';
import {
  type AnswerSink,
  type Attempt,
  type DocumentAnswer,
  type DocumentRequest,
  type Fulfilment,
  ImageProvider,
} from './image-provider.js';
import type { ImageRequest } from './image-request.js';
import { SettledAnswer } from './settled-answer.js';

/** The steps of a request in their order (docs/architecture.md): whoever calls, over HTTP or in process, comes through here. */
@Injectable()
export class ImagesService {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly dispatcher: Dispatcher,
    private readonly fallback: Fallback,
    private readonly admission: Admission,
    private readonly callers: CallerCheck,
    @Inject(ImageProvider) private readonly provider: ImageProvider,
  ) {}

  /**
   * Fulfils an order: pictures flow into the sink, what is known of the call into its record. `goOn` does what follows the
   * order's own operation, within what was admitted for the whole of it.
   *
   * @throws GatewayError naming what is wrong with the order, or what went wrong upstream
   */
  async fulfil(order: ImageOrder, call: CallRecord, sink: AnswerSink, goOn?: () => Promise<void>): Promise<void> {
    try {
      const { model, operation, output, style } = order;
      const group = this.registry.resolveFor(meantModel(call.caller, model), operation, { output, style }, call);
      const answer = new SettledAnswer(sink);
      await this.fallback.overGroups(group, call, {
        serve: (chosen) => this.serve(order, chosen, call, answer),
        mayRepeat: () => !answer.hasBegun,
      });
      answer.finish();
      if (goOn) await goOn();
    } catch (error) {
      await this.admission.end(call, error);
      throw toldAfterCharge(error, call);
    }
    if (call.isOfSeveral) await this.admission.end(call);
  }

  /**
   * Asks the provider for a document: the same steps, and no pictures.
   *
   * @throws GatewayError naming what is wrong with the request, or what went wrong upstream
   */
  async ask(request: DocumentRequest, call: CallRecord): Promise<DocumentAnswer['document']> {
    const { model, usualModel: usual, operation } = request;
    const group = this.registry.resolveFor(meantModel(call.caller, model), operation, { usual }, call);
    const serve = (chosen: ModelGroup) => this.answer(request, chosen, call);
    return this.fallback.overGroups(group, call, { serve, mayRepeat: () => true }).catch(async (error: unknown) => {
      await this.admission.end(call, error);
      throw toldAfterCharge(error, call);
    });
  }

  private serve(order: ImageOrder, group: ModelGroup, call: CallRecord, answer: SettledAnswer): Promise<unknown> {
    const dispatch = this.open(group, order, call, 1);
    let prepared: Prepared;
    const prepare = (deployment: Deployment): void => {
      prepared = this.prepare(order, group, deployment, call);
    };
    return this.admitted(dispatch, call, {
      permit: () => {
        this.permit(group, order, call);
      },
      prepare,
      send: (deployment: Deployment, attempt: Attempt) => {
        const { request, ownMicroDollars } = prepared;
        const fulfilling = this.provider.fulfil(request, deployment, answer, attempt);
        return ownMicroDollars === undefined ? fulfilling : fulfilling.then(pricedAt(ownMicroDollars));
      },
      mayRepeat: () => !answer.hasBegun,
    });
  }

  private async answer(
    request: DocumentRequest,
    group: ModelGroup,
    call: CallRecord,
  ): Promise<DocumentAnswer['document']> {
    const dispatch = this.open(group, request, call, 0);
    const prepare = (deployment: Deployment): void => {
      call.model = this.registry.modelOf(request.operation, deployment);
      call.priceMicroDollars = this.provider.priceDocument(request, deployment);
    };
    const { document } = await this.admitted(dispatch, call, {
      permit: () => {
        this.permit(group, request, call);
      },
      prepare,
      send: async (deployment: Deployment, attempt: Attempt) => ({
        ...(await this.provider.ask(request, deployment, attempt)),
        images: 0,
      }),
      mayRepeat: () => true,
    });
    return document;
  }

  private open(group: ModelGroup, asked: Asked, call: CallRecord, images: number): Dispatch {
    const { operation } = asked;
    call.operation = operation;
    call.group = group.name;
    this.permit(group, asked, call);
    return this.dispatcher.open(group, operation, call, images);
  }

  /** @throws GatewayError `modelNotAllowed` or `operationNotAllowed` */
  private permit(group: ModelGroup, { operation, model }: Asked, { caller }: CallRecord): void {
    // Work that needs no model is a matter of the model alone where the caller names one, and so the account behind it.
    const isNamed = model !== undefined && model !== '';
    if (isNamed || this.registry.needsModel(operation)) checkModel(caller, group.name);
    const fixed = this.registry.fixedModel(operation, group);
    if (fixed !== undefined) checkModel(caller, fixed, ', which always does this work');
    checkOperation(caller, operation);
  }

  /** Sends what is within the caller's limits and paid for; where it moves on to another model or price, that is paid anew. */
  private async admitted<T extends Fulfilment>(dispatch: Dispatch, call: CallRecord, job: Job<T>): Promise<T> {
    const checks = (): void => {
      job.permit();
      job.prepare(dispatch.deployment);
    };
    let isAskedAgain = false;
    for (;;) {
      traced(call, 'prepare', () => {
        job.prepare(dispatch.deployment);
      });
      const checking = this.callers.checkAgain(call, checks);
      if (checking) await checking;
      try {
        return await this.sendPaid(dispatch, call, job, () => this.callers.checkLast(call, checks));
      } catch (error) {
        // Whose budgets have just changed may be let in with those that they have now.
        if (error instanceof BudgetsChanged && !isAskedAgain) {
          isAskedAgain = true;
          this.callers.forget(call);
        } else if (!dispatch.goesOn()) throw error;
      }
    }
  }

  private sendPaid<T extends Fulfilment>(
    dispatch: Dispatch,
    call: CallRecord,
    job: Job<T>,
    confirm: Work<T>['confirm'],
  ): Promise<T> {
    const { model, priceMicroDollars: reserved } = call;
    // What is reserved is what the ledger will say: a cheaper model is another entry, too.
    const isCovered = (deployment: Deployment): boolean => {
      job.prepare(deployment);
      return call.model === model && call.priceMicroDollars === reserved;
    };
    return this.admission.within(call, () => dispatch.run({ ...job, prepare: isCovered, confirm }));
  }

  /** What an order comes to at a deployment: its defaults filled in, checked against its model, and priced. */
  private prepare(order: ImageOrder, group: ModelGroup, deployment: Deployment, call: CallRecord): Prepared {
    call.model = this.registry.modelOf(order.operation, deployment);
    const asked = order.interpret({ ...deployment.defaults, ...group.defaults });
    const { request, ignored, format, makesStyle } = this.provider.fit(asked.request, deployment);
    if (makesStyle) checkOperation(call.caller, 'createStyle', ', which style references do');
    call.ignored = ignored.length === 0 ? asked.ignored : [...asked.ignored, ...ignored];
    if (call.isTimeoutCut) call.ignored = [...call.ignored, 'timeout'];
    call.format = format;
    call.images = request.count;
    call.seed = request.randomSeed;
    const price = this.provider.price(request, deployment);
    call.priceMicroDollars = price;
    call.afterwards = asked.afterwards && this.priceAfterwards(asked.afterwards, deployment, call);
    if (!call.afterwards) return { request };
    call.priceMicroDollars = sum(price, call.afterwards);
    return { request, ownMicroDollars: price };
  }

  /** What a second operation will cost, which the caller must be allowed as well: it is asked for once this one is paid. */
  private priceAfterwards(request: ImageRequest, deployment: Deployment, call: CallRecord): Afterwards {
    const { operation, count } = request;
    const group = this.registry.resolveFor(undefined, operation);
    checkOperation(call.caller, operation);
    const microDollarsEach = this.provider.price({ ...request, count: 1 }, deployment);
    const model = this.registry.modelOf(operation, group.deployments[0]);
    return { operation, group: group.name, model, count, microDollarsEach };
  }
}

/** What of a request decides who may have it. */
type Asked = Pick<ImageOrder | DocumentRequest, 'operation' | 'model'>;

/** What is to be done for a caller, and what is to be checked about it. */
interface Job<T> extends Omit<Work<T>, 'prepare' | 'confirm'> {
  /** @throws GatewayError where the caller may not ask for it */
  permit(): void;
  /** @throws GatewayError where the deployment cannot serve it, or the caller may not have all of it */
  prepare(deployment: Deployment): void;
}

interface Prepared {
  readonly request: ImageRequest;
  /** Its own price where the call's is that of another operation, too: what it costs where the provider does not say. */
  readonly ownMicroDollars?: number | undefined;
}

function sum(price: number | undefined, { count, microDollarsEach }: Afterwards): number | undefined {
  return price === undefined || microDollarsEach === undefined ? undefined : price + count * microDollarsEach;
}

/** A charge that the provider does not tell is that of its own operation alone. */
function pricedAt(microDollars: number): (fulfilment: Fulfilment) => Fulfilment {
  return (fulfilment) => ({ ...fulfilment, chargedMicroDollars: fulfilment.chargedMicroDollars ?? microDollars });
}
