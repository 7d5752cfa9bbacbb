import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ImageRequest } from '../../images/image-request.js';
import type {
  AnswerSink,
  Attempt,
  DocumentAnswer,
  DocumentRequest,
  EndSignal,
  FittedRequest,
  Fulfilment,
  ImageProvider,
} from '../../images/image-provider.js';
import type { Deployment } from '../../registry/deployment.js';
import { chargeOf } from './charge.js';
import { documentCall, priceOfDocument } from './documents.js';
import { fit } from './fit.js';
import { price } from './price.js';
import { type ClientOptions, RecraftClient } from './recraft.client.js';
import { invalidAnswer } from './upstream-errors.js';
import { styleReferenceField } from './styles.js';
import { inCallersWords } from './callers-words.js';
import { toWire } from './wire.js';

export interface ProviderOptions extends ClientOptions {
  /** Micro-dollars of a request, by operation, where Recraft publishes no price. */
  readonly operationPrices: Readonly<Partial<Record<string, number>>>;
}

/** Pictures from Recraft. */
@Injectable()
export class RecraftProvider implements ImageProvider, OnApplicationShutdown {
  private readonly client: RecraftClient;

  constructor(private readonly options: ProviderOptions) {
    this.client = new RecraftClient(options);
  }

  fit(request: ImageRequest, deployment: Deployment): FittedRequest {
    return { ...fit(request, deployment), makesStyle: styleReferenceField(request) !== undefined };
  }

  price(request: ImageRequest, deployment: Deployment): number | undefined {
    return this.options.operationPrices[request.operation] ?? price(request, deployment);
  }

  fulfil(request: ImageRequest, deployment: Deployment, sink: AnswerSink, attempt: Attempt): Promise<Fulfilment> {
    const wire = toWire(request, deployment.model, this.options.responseFormat);
    const answer = this.client.post(deployment, wire, sink, attempt, request.responseFormat === 'multipart');
    return answer.catch((error: unknown) => {
      throw inCallersWords(error, request);
    });
  }

  priceDocument(request: DocumentRequest, deployment: Deployment): number | undefined {
    const published = priceOfDocument(request, deployment);
    return this.options.operationPrices[request.operation] ?? published;
  }

  async ask(request: DocumentRequest, deployment: Deployment, attempt: Attempt): Promise<DocumentAnswer> {
    const { document, requestId } = await this.client.ask(deployment, documentCall(request, deployment), attempt);
    // An account's own credits are what it has, and no charge.
    const credits = request.operation === 'readAccount' ? undefined : document['credits'];
    return {
      document,
      chargedMicroDollars: chargeOf(credits),
      upstreamRequestId: requestId,
    };
  }

  /** The account's balance in API units (recraft-api.md §5.11). */
  async probe(deployment: Deployment, signal: EndSignal): Promise<{ credits: number }> {
    const attempt = { signal, times: { sentAt: undefined, firstByteAt: undefined }, timeoutMs: deployment.timeoutMs };
    const { document } = await this.client.ask(deployment, { method: 'GET', path: '/v1/users/me' }, attempt);
    const { credits } = document;
    if (typeof credits !== 'number') throw invalidAnswer('the account has no balance');
    return { credits };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}
