import type { Settings } from '../../config/settings.js';
import type { Request } from 'express';
import type { ImageOrder } from '../image-order.js';
import type { Operation } from '../image-request.js';
import type { AnswerSink } from '../image-provider.js';
import type { ImagesService } from '../images.service.js';
import { noteLabels } from '../../spend/labels.js';
import { JsonAnswer } from '../json-answer.js';
import { MultipartAnswer } from '../multipart-answer.js';
import type { Outlet } from '../outlet.js';
import type { CallRecord } from '../../telemetry/call-record.js';
import type { ImageOptionsDto } from './dto/image-options.dto.js';
import { EventStreamAnswer } from './event-stream-answer.js';
import { JpegAnswer } from './jpeg-answer.js';
import { type DialectPolicy, formatWish } from './orders.js';
import { TransparentAnswer } from './transparent-answer.js';
import type { WorkedAnswer } from './worked-answer.js';

/** OpenAI has a word for pictures from words, and one for everything made from a picture. */
function completedEvent(operation: Operation): string {
  return operation === 'generate' ? 'image_generation.completed' : 'image_edit.completed';
}

type Wishes = Pick<
  ImageOptionsDto,
  'stream' | 'output_format' | 'background' | 'response_format' | 'image_format' | 'timeout' | 'num_retries'
> & {
  readonly size?: string;
};

/** Notes what a request asks for about its own time and repeats, before anybody counts on it. */
export function noteTerms(call: CallRecord, dto: Wishes): void {
  const { timeout = call.asked.timeout, num_retries: retries = call.asked.retries, stream } = dto;
  const isStreamed = stream === true;
  if (timeout !== undefined || retries !== undefined || isStreamed) call.asked = { timeout, retries, isStreamed };
}

/**
 * Fulfils an order into the answer that was asked for: one JSON document, a form, events, or pictures that were worked on
 * here.
 */
export function answerOrder(
  images: ImagesService,
  dto: Wishes,
  order: ImageOrder,
  request: Request,
  response: Outlet,
  { models, heartbeatMs }: Settings,
): Promise<void> {
  const { call } = request;
  noteLabels(request, dto);
  const answer = answerFor(dto, order, call, response, heartbeatMs);
  return fulfilInto(answer, { images, dto, order, call, policy: models });
}

/**
 * Fulfils an order into a sink, and does on the way what Recraft does not do itself.
 *
 * @throws GatewayError naming what is wrong with the order, or what went wrong upstream
 */
export function fulfilInto(answer: AnswerSink, wanted: Wanted): Promise<void> {
  const { images, order, call } = wanted;
  const worked = workedOn(answer, wanted);
  if (!worked) return images.fulfil(order, call, answer);
  return images
    .fulfil(order, call, worked, () => worked.work())
    .then(() => {
      worked.finish();
    });
}

interface Wanted {
  readonly images: ImagesService;
  readonly dto: Wishes;
  readonly order: ImageOrder;
  readonly call: CallRecord;
  readonly policy: DialectPolicy;
}

/** What Recraft does not do itself; undefined where it does all of it. */
function workedOn(answer: AnswerSink, { images, dto, call, policy }: Wanted): WorkedAnswer | undefined {
  if (dto.background === 'transparent') return new TransparentAnswer(images, call, answer, formatWish(dto, policy));
  return dto.output_format === 'jpeg' ? new JpegAnswer(call, answer) : undefined;
}

function answerFor(
  dto: Wishes,
  { operation }: ImageOrder,
  call: CallRecord,
  response: Outlet,
  heartbeatMs: number,
): AnswerSink {
  if (dto.stream !== true) {
    return dto.response_format === 'multipart' ? new MultipartAnswer(response, call) : new JsonAnswer(response, call);
  }
  return new EventStreamAnswer(response, call, {
    event: completedEvent(operation),
    members: {
      size: dto.size ?? 'auto',
      quality: 'auto',
      background: dto.background === 'transparent' ? 'transparent' : 'auto',
    },
    heartbeatMs,
  });
}
