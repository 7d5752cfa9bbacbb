import type { Request, Response } from 'express';
import type { ImageOrder } from '../image-order.js';
import type { AnswerSink } from '../image-provider.js';
import { JsonAnswer } from '../json-answer.js';
import type { ImageOptionsDto } from './dto/image-options.dto.js';
import { EventStreamAnswer } from './event-stream-answer.js';

const COMPLETED = { generate: 'image_generation.completed', imageToImage: 'image_edit.completed' } as const;

/** Where the answer goes: one JSON document, or events where the caller asked for a stream. */
export function answerFor(
  dto: ImageOptionsDto & { size?: string },
  { operation }: ImageOrder,
  { call }: Request,
  response: Response,
  heartbeatMs: number,
): AnswerSink {
  if (dto.stream !== true) return new JsonAnswer(response, call);
  return new EventStreamAnswer(response, call, {
    event: COMPLETED[operation],
    members: {
      size: dto.size ?? 'auto',
      quality: 'auto',
      background: 'auto',
    },
    heartbeatMs,
  });
}
