import type { Request, Response } from 'express';
import type { ImageOrder } from '../image-order.js';
import type { Operation } from '../image-request.js';
import type { AnswerSink } from '../image-provider.js';
import { JsonAnswer } from '../json-answer.js';
import type { ImageOptionsDto } from './dto/image-options.dto.js';
import { EventStreamAnswer } from './event-stream-answer.js';

/** OpenAI has a word for pictures from words, and one for everything made from a picture. */
function completedEvent(operation: Operation): string {
  return operation === 'generate' ? 'image_generation.completed' : 'image_edit.completed';
}

/** Where the answer goes: one JSON document, or events where the caller asked for a stream. */
export function answerFor(
  dto: Pick<ImageOptionsDto, 'stream'> & { size?: string },
  { operation }: ImageOrder,
  { call }: Request,
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
