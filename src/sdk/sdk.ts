import { randomUUID } from 'node:crypto';
import { type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module.js';
import { readSettings } from '../config/read-settings.js';
import { Settings } from '../config/settings.js';
import type { ImageOrder } from '../images/image-order.js';
import { ImagesService } from '../images/images.service.js';
import { prepareBody } from '../images/openai/body.js';
import { EditImageDto } from '../images/openai/dto/edit-image.dto.js';
import { GenerateImageDto } from '../images/openai/dto/generate-image.dto.js';
import { editOrder, generationOrder } from '../images/openai/orders.js';
import { takeSourceImage } from '../images/openai/source-image.js';
import { CallRecord } from '../telemetry/call-record.js';
import { toDto } from '../validation/dto.pipe.js';
import { CollectedAnswer } from './collected-answer.js';
import { toUploads } from './picture-input.js';
import type { AccountOptions, EditOptions, GenerationOptions, Images } from './sdk.types.js';

/**
 * Makes pictures from words, in this process: the service's own pipeline without its server.
 *
 * @throws GatewayError as the service would answer it
 */
export async function imageGeneration(options: GenerationOptions): Promise<Images> {
  const { account, fields } = separate(options);
  const gateway = await gatewayFor(account);
  const dto = toDto(GenerateImageDto, prepareBody(fields));
  return fulfil(gateway, generationOrder(dto, gateway.get<Settings>(Settings).models), account.signal);
}

/**
 * Changes a picture by words, in this process.
 *
 * @throws GatewayError as the service would answer it
 */
export async function imageEdit(options: EditOptions): Promise<Images> {
  const { account, fields } = separate(options);
  const gateway = await gatewayFor(account);
  const settings = gateway.get<Settings>(Settings);
  const { image: picture, ...rest } = fields;
  const { uploads, references } = await toUploads(picture, settings.limits.imageBytes);
  const source = takeSourceImage(uploads, { ...prepareBody(rest), ...references }, settings.limits.imageBytes);
  const dto = toDto(EditImageDto, source.fields);
  return fulfil(gateway, editOrder(dto, source.image, settings.models), account.signal);
}

async function fulfil(gateway: INestApplicationContext, order: ImageOrder, signal?: AbortSignal): Promise<Images> {
  const call = new CallRecord(`req_${randomUUID()}`);
  const leave = (): void => {
    call.callerLeft();
  };
  signal?.throwIfAborted();
  signal?.addEventListener('abort', leave, { once: true });
  try {
    const answer = new CollectedAnswer();
    await gateway.get(ImagesService).fulfil(order, call, answer);
    return answer.json() as Images;
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

function separate(options: GenerationOptions): { account: AccountOptions; fields: Record<string, unknown> } {
  const { api_key, api_base, signal, ...fields } = options;
  return {
    account: {
      ...(api_key !== undefined && { api_key }),
      ...(api_base !== undefined && { api_base }),
      ...(signal !== undefined && { signal }),
    },
    fields,
  };
}

const gateways = new Map<string, Promise<INestApplicationContext>>();

/** One pipeline for each account, made at its first use and kept: its connections are worth keeping too. */
function gatewayFor({ api_key, api_base }: AccountOptions): Promise<INestApplicationContext> {
  const environment = {
    ...process.env,
    ...(api_key !== undefined && { RECRAFT_API_KEY: api_key }),
    ...(api_base !== undefined && { RECRAFT_API_BASE: api_base }),
  };
  const account = `${environment.RECRAFT_API_BASE ?? ''} ${environment.RECRAFT_API_KEY ?? ''}`;
  let gateway = gateways.get(account);
  if (!gateway) {
    gateway = start(environment);
    gateways.set(account, gateway);
    gateway.catch(() => gateways.delete(account)); // The caller sees the failure; the next call tries again.
  }
  return gateway;
}

/** In one's own process nobody asks for a key and nobody reads a request log. */
function start(environment: NodeJS.ProcessEnv): Promise<INestApplicationContext> {
  const settings = readSettings({
    LOG_LEVEL: 'silent',
    ...environment,
    MASTER_KEY: environment['MASTER_KEY'] ?? randomUUID(),
  });
  return NestFactory.createApplicationContext(AppModule.with(settings), { logger: false, abortOnError: false });
}
