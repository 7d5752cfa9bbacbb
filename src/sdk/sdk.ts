import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { GatewayError } from '../errors/gateway-error.js';
import { CollectedAnswer } from '../images/collected-answer.js';
import type { ImageOrder } from '../images/image-order.js';
import { ImagesService } from '../images/images.service.js';
import { unrestricted } from '../keys/caller.js';
import { isObject, prepareBody } from '../images/body.js';
import { EDIT_SLOTS } from '../images/openai/edit-slots.js';
import { editSources } from '../images/openai/edit-sources.js';
import { EditImageDto } from '../images/openai/dto/edit-image.dto.js';
import { GenerateImageDto } from '../images/openai/dto/generate-image.dto.js';
import { fulfilInto } from '../images/openai/answer-order.js';
import { editOrder, generationOrder } from '../images/openai/orders.js';
import { takePictures } from '../images/pictures-in-body.js';
import { CallRecord } from '../telemetry/call-record.js';
import { toDto } from '../validation/dto.pipe.js';
import { gatewayFor } from './in-process-gateway.js';
import { toUploads } from './picture-input.js';
import type { AccountOptions, EditOptions, GenerationOptions, Images } from './sdk.types.js';

/**
 * Makes pictures from words, in this process: the service's own pipeline without its server.
 *
 * @throws GatewayError as the service would answer it; SettingsError where a variable is missing or wrong; the signal's
 * reason where it was aborted
 */
export async function imageGeneration(options: GenerationOptions): Promise<Images> {
  const { account, fields } = separate(options);
  const gateway = await gatewayFor(account);
  const dto = toDto(GenerateImageDto, prepareBody(fields));
  refuseForm(dto);
  return fulfil(gateway, dto, generationOrder(dto, gateway.get<Settings>(Settings).models), account.signal);
}

/**
 * Changes a picture by words, in this process.
 *
 * @throws GatewayError as the service would answer it; SettingsError where a variable is missing or wrong; the signal's
 * reason where it was aborted; what a stream of the caller's failed with
 */
export async function imageEdit(options: EditOptions): Promise<Images> {
  const { account, fields } = separate(options);
  const gateway = await gatewayFor(account);
  const { models, limits } = gateway.get<Settings>(Settings);
  const { image: picture, ...rest } = fields;
  const { uploads, references } = await toUploads(picture, limits.imageBytes);
  const body = { ...prepareBody(rest), ...references };
  const { pictures, fields: others } = takePictures(uploads, body, EDIT_SLOTS, limits.imageBytes);
  const dto = toDto(EditImageDto, others);
  refuseForm(dto);
  const sources = await editSources(pictures.get('image')?.[0], pictures.get('mask')?.[0]);
  return fulfil(gateway, dto, editOrder(dto, sources, models), account.signal);
}

async function fulfil(
  gateway: INestApplicationContext,
  dto: GenerateImageDto | EditImageDto,
  order: ImageOrder,
  signal?: AbortSignal,
): Promise<Images> {
  signal?.throwIfAborted();
  const call = new CallRecord(`req_${randomUUID()}`);
  call.caller = unrestricted('in-process');
  const leave = (): void => {
    call.callerLeft();
  };
  signal?.addEventListener('abort', leave, { once: true });
  try {
    const answer = new CollectedAnswer();
    const { models: policy } = gateway.get<Settings>(Settings);
    await fulfilInto(answer, { images: gateway.get(ImagesService), dto, order, call, policy });
    return answer.json() as Images;
  } catch (error) {
    // The pipeline knows that the caller left; the caller's signal knows why.
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', leave);
  }
}

function refuseForm({ response_format: format }: { readonly response_format?: string }): void {
  if (format !== 'multipart') return;
  throw new GatewayError('unsupportedValue', 'There is no form in process: ask for b64_json.', {
    param: 'response_format',
  });
}

function separate(options: GenerationOptions | undefined): {
  account: AccountOptions;
  fields: Record<string, unknown>;
} {
  // A program in JavaScript may hand over anything.
  if (!isObject(options)) {
    const message = "Give the request's fields as an object, such as { prompt: 'A red fox' }.";
    throw new GatewayError('missingParameter', message, { param: 'prompt' });
  }
  const { api_key, api_base, signal, stream, ...fields } = options;
  if (stream === true) {
    throw new GatewayError('unsupportedParameter', 'There is no stream in process: await the pictures.', {
      param: 'stream',
    });
  }
  return {
    account: {
      ...(api_key !== undefined && { api_key }),
      ...(api_base !== undefined && { api_base }),
      ...(signal !== undefined && { signal }),
    },
    fields,
  };
}
