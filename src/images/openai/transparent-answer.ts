import type { CallRecord } from '../../telemetry/call-record.js';
import { pictureInMemory } from '../../uploads/spool.js';
import { CollectedAnswer } from '../collected-answer.js';
import type { ImageOrder } from '../image-order.js';
import type { AnswerSink } from '../image-provider.js';
import type { RetouchRequest } from '../image-request.js';
import type { ImagesService } from '../images.service.js';

interface Answer {
  readonly credits?: number;
  readonly data?: readonly { readonly b64_json?: string }[];
  readonly image?: object;
}

/** How the pictures are to come back. */
type Wish = Pick<RetouchRequest, 'responseFormat' | 'imageFormat'>;

/**
 * Makes the background of every picture of an answer transparent, which no Recraft model draws: a second operation for each
 * picture, with a charge of its own. What the call costs is the sum.
 */
export class TransparentAnswer extends CollectedAnswer {
  constructor(
    private readonly images: ImagesService,
    private readonly call: CallRecord,
    private readonly answer: AnswerSink,
    private readonly wish: Wish,
  ) {
    super();
  }

  /** Has the backgrounds removed, one after the other, and answers. @throws GatewayError as ImagesService.fulfil does */
  async finish(): Promise<void> {
    const { call } = this;
    const { operation, model, images, ignored } = call;
    const first = this.json() as Answer;
    let cost = call.costMicroDollars;
    let credits = first.credits ?? 0;
    const data: object[] = [];
    for (const { b64_json: base64 = '' } of first.data ?? []) {
      const cut = new CollectedAnswer();
      await this.images.fulfil(this.removal(base64), call, cut);
      const { image = {}, credits: charged = 0 } = cut.json() as Answer;
      cost = cost === undefined || call.costMicroDollars === undefined ? undefined : cost + call.costMicroDollars;
      credits += charged;
      data.push(image);
    }
    Object.assign(call, { operation, model, images, ignored, priceMicroDollars: cost, chargedMicroDollars: cost });
    const body = Buffer.from(JSON.stringify({ ...first, credits, data }));
    this.answer.begin({ contentType: 'application/json', contentLength: body.length, chargedMicroDollars: cost });
    this.answer.end(body);
  }

  private removal(base64: string): ImageOrder {
    const image = pictureInMemory('image', Buffer.from(base64, 'base64'));
    const request = { operation: 'removeBackground', image, count: 1, extra: {}, ...this.wish } as const;
    return { model: undefined, operation: 'removeBackground', interpret: () => ({ request, ignored: [] }) };
  }
}
