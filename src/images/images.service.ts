import { Inject, Injectable } from '@nestjs/common';
import { checkPermission, meantModel } from '../keys/permissions.js';
import type { Deployment } from '../registry/deployment.js';
import type { ModelGroup } from '../registry/model-group.js';
import { ModelRegistry } from '../registry/model-registry.js';
import { Dispatcher } from '../routing/dispatcher.js';
import type { CallRecord } from '../telemetry/call-record.js';
import { Admission } from './admission.js';
import type { ImageOrder } from './image-order.js';
import {
  type AnswerSink,
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
    private readonly admission: Admission,
    @Inject(ImageProvider) private readonly provider: ImageProvider,
  ) {}

  /**
   * Fulfils an order: pictures flow into the sink, what is known of the call into its record.
   *
   * @throws GatewayError naming what is wrong with the order, or what went wrong upstream
   */
  async fulfil(order: ImageOrder, call: CallRecord, sink: AnswerSink): Promise<void> {
    call.operation = order.operation;
    const group = this.registry.resolveFor(meantModel(call.caller, order.model), order.operation, order.output);
    call.group = group.name;
    checkPermission(call.caller, group.name, order.operation);

    const dispatch = this.dispatcher.open(group, order.operation, call);
    let prepared = this.prepare(order, group, dispatch.deployment, call);
    await this.admission.within(call, async (reservation) => {
      const answer = new SettledAnswer(sink);
      const fulfilment = await dispatch.run((deployment) => {
        if (deployment !== dispatch.deployment) prepared = this.prepare(order, group, deployment, call);
        return this.provider.fulfil(prepared.request, deployment, answer, call.signal, call.times);
      });
      const chargedMicroDollars = fulfilment.chargedMicroDollars ?? prepared.ownMicroDollars;
      const charge = { ...fulfilment, chargedMicroDollars };
      note(charge, call);
      await reservation.settle(charge);
      answer.finish();
    });
  }

  /**
   * Asks the provider for a document: the same steps, and no pictures.
   *
   * @throws GatewayError naming what is wrong with the request, or what went wrong upstream
   */
  async ask(request: DocumentRequest, call: CallRecord, model?: string): Promise<DocumentAnswer['document']> {
    call.operation = request.operation;
    const group = this.registry.resolveFor(meantModel(call.caller, model), request.operation);
    call.group = group.name;
    checkPermission(call.caller, group.name, request.operation);

    const dispatch = this.dispatcher.open(group, request.operation, call);
    call.priceMicroDollars = this.provider.priceDocument(request);
    return this.admission.within(call, async (reservation) => {
      const answer = await dispatch.run((deployment) =>
        this.provider.ask(request, deployment, call.signal, call.times),
      );
      note({ ...answer, images: 0 }, call);
      await reservation.settle({ ...answer, images: 0 });
      return answer.document;
    });
  }

  /** What an order comes to at a deployment: its defaults filled in, checked against its model, and priced. */
  private prepare(order: ImageOrder, group: ModelGroup, deployment: Deployment, call: CallRecord): Prepared {
    call.model = deployment.model;
    const asked = order.interpret({ ...deployment.defaults, ...group.defaults });
    const { request, ignored, format } = this.provider.fit(asked.request, deployment);
    call.ignored = ignored.length === 0 ? asked.ignored : [...asked.ignored, ...ignored];
    call.format = format;
    call.images = request.count;
    const price = this.provider.price(request, deployment);
    call.priceMicroDollars = price;
    if (!asked.afterwards) return { request };
    call.priceMicroDollars = sum(price, this.priceAfterwards(asked.afterwards, deployment, call));
    return { request, ownMicroDollars: price };
  }

  /** What a second operation will cost, which the caller must be allowed as well: it is asked for once this one is paid. */
  private priceAfterwards(request: ImageRequest, deployment: Deployment, call: CallRecord): number | undefined {
    const group = this.registry.resolveFor(undefined, request.operation);
    checkPermission(call.caller, group.name, request.operation);
    return this.provider.price(request, deployment);
  }
}

interface Prepared {
  readonly request: ImageRequest;
  /** Its own price where the call's is that of another operation, too: what it costs where the provider does not say. */
  readonly ownMicroDollars?: number | undefined;
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : one + other;
}

function note({ images, chargedMicroDollars, upstreamRequestId }: Fulfilment, call: CallRecord): void {
  call.images = images;
  call.chargedMicroDollars = chargedMicroDollars;
  call.upstreamRequestId = upstreamRequestId;
}
