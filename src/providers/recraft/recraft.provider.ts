import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { ImageRequest } from '../../images/image-request.js';
import type {
  AnswerSink,
  FittedRequest,
  Fulfilment,
  ImageProvider,
  UpstreamTimes,
} from '../../images/image-provider.js';
import type { Deployment } from '../../registry/deployment.js';
import { fit } from './fit.js';
import { price } from './price.js';
import { type ClientOptions, RecraftClient } from './recraft.client.js';
import { invalidAnswer } from './upstream-errors.js';
import { toWire } from './wire.js';

/** Pictures from Recraft. */
@Injectable()
export class RecraftProvider implements ImageProvider, OnApplicationShutdown {
  private readonly client: RecraftClient;

  constructor(options: ClientOptions) {
    this.client = new RecraftClient(options);
  }

  fit(request: ImageRequest, deployment: Deployment): FittedRequest {
    return fit(request, deployment);
  }

  price(request: ImageRequest, deployment: Deployment): number | undefined {
    return price(request, deployment);
  }

  fulfil(
    request: ImageRequest,
    deployment: Deployment,
    sink: AnswerSink,
    signal: AbortSignal,
    times: UpstreamTimes,
  ): Promise<Fulfilment> {
    return this.client.post(deployment, toWire(request, deployment.model), sink, signal, times);
  }

  /** The account's balance in API units (recraft-api.md §5.11). */
  async probe(deployment: Deployment, signal: AbortSignal): Promise<{ credits: number }> {
    const account = (await this.client.get(deployment, '/v1/users/me', signal)) as { credits?: unknown } | null;
    if (typeof account?.credits !== 'number') throw invalidAnswer('the account has no balance');
    return { credits: account.credits };
  }

  async onApplicationShutdown(): Promise<void> {
    await this.client.close();
  }
}
