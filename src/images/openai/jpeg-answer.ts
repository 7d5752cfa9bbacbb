import { GatewayError } from '../../errors/gateway-error.js';
import { toJpeg } from '../../pixels/convert.js';
import { CollectedAnswer } from '../collected-answer.js';
import type { AnswerSink } from '../image-provider.js';

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
export class JpegAnswer extends CollectedAnswer {
  constructor(private readonly answer: AnswerSink) {
    super();
  }

  /** Converts what has come and answers. @throws GatewayError where Recraft's picture is none */
  async finish(): Promise<void> {
    const answer = this.json() as Answer;
    const data = await Promise.all((answer.data ?? []).map(converted));
    const body = Buffer.from(JSON.stringify({ ...answer, data }));
    this.answer.begin({ ...this.head, contentLength: body.length });
    this.answer.end(body);
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
