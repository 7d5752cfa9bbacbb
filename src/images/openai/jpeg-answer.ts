import { GatewayError } from '../../errors/gateway-error.js';
import { toJpeg } from '../../pixels/convert.js';
import { CollectedAnswer } from '../collected-answer.js';
import type { AnswerSink } from '../image-provider.js';
import type { CallRecord } from '../../telemetry/call-record.js';
import type { WorkedAnswer } from './worked-answer.js';

interface Picture {
  readonly b64_json?: string;
}

interface Answer {
  readonly data?: readonly Picture[];
}

/**
 * Turns the pictures of an answer into JPEGs, which Recraft does not make, and hands the whole on. They have to be decoded,
 * so this one answer does not stream: it is held until it is complete.
 */
export class JpegAnswer extends CollectedAnswer implements WorkedAnswer {
  private body: Buffer = Buffer.of();

  constructor(
    private readonly call: CallRecord,
    private readonly answer: AnswerSink,
  ) {
    super();
  }

  /** Converts what has come. @throws GatewayError where Recraft's picture is none */
  async work(): Promise<void> {
    const answer = this.json() as Answer;
    const data = await Promise.all((answer.data ?? []).map(converted));
    this.body = Buffer.from(JSON.stringify({ ...answer, data }));
    this.call.format = 'jpeg';
  }

  finish(): void {
    this.answer.begin({ ...this.head, contentType: 'application/json', contentLength: this.body.length });
    this.answer.end(this.body);
  }
}

async function converted(picture: Picture): Promise<Picture> {
  try {
    const jpeg = await toJpeg(Buffer.from(picture.b64_json ?? '', 'base64'));
    return { ...picture, b64_json: jpeg.toString('base64') };
  } catch (cause) {
    throw new GatewayError('upstreamInvalidAnswer', "Recraft's answer could not be used: it is no picture.", { cause });
  }
}
