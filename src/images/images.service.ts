import { Inject, Injectable } from '@nestjs/common';
import { ModelRegistry } from '../registry/model-registry.js';
import { DeploymentChooser } from '../routing/deployment-chooser.js';
import type { CallRecord } from '../telemetry/call-record.js';
import type { ImageOrder } from './image-order.js';
import { type AnswerSink, type DocumentAnswer, type DocumentRequest, ImageProvider } from './image-provider.js';

/** The steps of a request in their order (docs/architecture.md): whoever calls, over HTTP or in process, comes through here. */
@Injectable()
export class ImagesService {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly chooser: DeploymentChooser,
    @Inject(ImageProvider) private readonly provider: ImageProvider,
  ) {}

  /**
   * Fulfils an order: pictures flow into the sink, what is known of the call into its record.
   *
   * @throws GatewayError naming what is wrong with the order, or what went wrong upstream
   */
  async fulfil(order: ImageOrder, call: CallRecord, sink: AnswerSink): Promise<void> {
    call.operation = order.operation;
    const group = this.registry.resolveFor(order.model, order.operation, order.output);
    call.group = group.name;

    const deployment = this.chooser.choose(group, order.operation);
    call.model = deployment.model;
    call.deploymentId = deployment.id;

    const asked = order.interpret({ ...deployment.defaults, ...group.defaults });
    const { request, ignored, format } = this.provider.fit(asked.request, deployment);
    call.ignored = ignored.length === 0 ? asked.ignored : [...asked.ignored, ...ignored];
    call.format = format;
    call.images = request.count;
    call.priceMicroDollars = this.provider.price(request, deployment);

    const fulfilment = await this.provider.fulfil(request, deployment, sink, call.signal, call.times);
    call.images = fulfilment.images;
    call.chargedMicroDollars = fulfilment.chargedMicroDollars;
    call.upstreamRequestId = fulfilment.upstreamRequestId;
  }

  /**
   * Asks the provider for a document: the same steps, and no pictures.
   *
   * @throws GatewayError naming what is wrong with the request, or what went wrong upstream
   */
  async ask(request: DocumentRequest, call: CallRecord, model?: string): Promise<DocumentAnswer['document']> {
    call.operation = request.operation;
    const group = this.registry.resolveFor(model, request.operation);
    call.group = group.name;
    const deployment = this.chooser.choose(group, request.operation);
    call.deploymentId = deployment.id;
    call.priceMicroDollars = this.provider.priceDocument(request);

    const answer = await this.provider.ask(request, deployment, call.signal, call.times);
    call.chargedMicroDollars = answer.chargedMicroDollars;
    call.upstreamRequestId = answer.upstreamRequestId;
    return answer.document;
  }
}
