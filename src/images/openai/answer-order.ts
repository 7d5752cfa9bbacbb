import type { Request, Response } from 'express';
import type { ImageOrder } from '../image-order.js';
import type { Operation } from '../image-request.js';
import type { AnswerSink } from '../image-provider.js';
import type { ImagesService } from '../images.service.js';
import { JsonAnswer } from '../json-answer.js';
import type { CallRecord } from '../../telemetry/call-record.js';
import type { ImageOptionsDto } from './dto/image-options.dto.js';
import { EventStreamAnswer } from './event-stream-answer.js';
import { JpegAnswer } from './jpeg-answer.js';

/** OpenAI has a word for pictures from words, and one for everything made from a picture. */
function completedEvent(operation: Operation): string {
  return operation === 'generate' ? 'image_generation.completed' : 'image_edit.completed';
}

type Wishes = Pick<ImageOptionsDto, 'stream' | 'output_format'> & { readonly size?: string };

/** Fulfils an order into the answer that was asked for: one JSON document, events, or JPEGs. */
export async function answerOrder(
  images: ImagesService,
  dto: Wishes,
  order: ImageOrder,
  { call }: Request,
  response: Response,
  heartbeatMs: number,
): Promise<void> {
  const answer = answerFor(dto, order, call, response, heartbeatMs);
  // The one conversion that Recraft does not do itself.
  const jpeg = dto.output_format === 'jpeg' && dto.stream !== true ? new JpegAnswer(answer) : undefined;
  await images.fulfil(order, call, jpeg ?? answer);
  await jpeg?.finish();
}

function answerFor(
  dto: Wishes,
  { operation }: ImageOrder,
  call: CallRecord,
  response: Response,
  heartbeatMs: number,
): AnswerSink {
  if (dto.stream !== true) return new JsonAnswer(response, call);
  return new EventStreamAnswer(response, call, {
    event: completedEvent(operation),
    members: {
      size: dto.size ?? 'auto',
      quality: 'auto',
      background: 'auto',
    },
    heartbeatMs,
  });
}
