import type { CallRecord } from '../../telemetry/call-record.js';
import { pictureInMemory } from '../../uploads/spool.js';
import { CollectedAnswer } from '../collected-answer.js';
import type { ImageOrder } from '../image-order.js';
import type { AnswerSink } from '../image-provider.js';
import type { RetouchRequest } from '../image-request.js';
import type { ImagesService } from '../images.service.js';
import type { WorkedAnswer } from './worked-answer.js';

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
export class TransparentAnswer extends CollectedAnswer implements WorkedAnswer {
  private body: Buffer = Buffer.of();

  constructor(
    private readonly images: ImagesService,
    private readonly call: CallRecord,
    private readonly answer: AnswerSink,
    private readonly wish: Wish,
  ) {
    super();
  }

  /**
   * Has the backgrounds removed, one after the other. What was charged before one of them failed stays in the call's
   * record.
   *
   * @throws GatewayError as ImagesService.fulfil does
   */
  async work(): Promise<void> {
    const first = this.json() as Answer;
    let credits = first.credits ?? 0;
    const data: object[] = [];
    for (const { b64_json: base64 = '' } of first.data ?? []) {
      const { image = {}, credits: charged = 0 } = await this.removed(base64);
      credits += charged;
      data.push(image);
    }
    this.body = Buffer.from(JSON.stringify({ ...first, credits, data }));
    this.call.format = this.wish.imageFormat ?? 'webp';
  }

  finish(): void {
    const { chargedMicroDollars } = this.call;
    this.answer.begin({ contentType: 'application/json', contentLength: this.body.length, chargedMicroDollars });
    this.answer.end(this.body);
  }

  private async removed(base64: string): Promise<Answer> {
    // Admitted together with the call; more pictures than were asked for have not been.
    const operation = this.call.following?.shift() ?? this.call.another();
    const cut = new CollectedAnswer();
    let outcome: 'done' | 'failed' = 'failed';
    try {
      await this.images.fulfil(this.removal(base64), operation, cut);
      outcome = 'done';
    } finally {
      this.call.add(operation, outcome);
    }
    return cut.json() as Answer;
  }

  private removal(base64: string): ImageOrder {
    const image = pictureInMemory('image', Buffer.from(base64, 'base64'));
    const request = { operation: 'removeBackground', image, count: 1, extra: {}, ...this.wish } as const;
    return { model: undefined, operation: 'removeBackground', interpret: () => ({ request, ignored: [] }) };
  }
}
