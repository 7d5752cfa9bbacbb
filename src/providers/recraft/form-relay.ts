import type { AnswerSink } from '../../images/image-provider.js';
import { Base64Flow } from './base64.js';
import { HoldBack } from './hold-back.js';
import { type FormDocument, PictureForm } from './picture-form.js';
import { PictureRelay } from './picture-relay.js';
import type { Relay } from './relay.js';

/** Passes an answer that is a form on as it is, for whoever asked for files; a reader goes along. */
export class FormRelay implements Relay {
  private readonly held: HoldBack;
  private readonly form: PictureForm;

  constructor(
    private readonly sink: AnswerSink,
    private readonly contentType: string,
    private readonly contentLength: number | undefined,
  ) {
    this.held = new HoldBack(sink);
    const ignore = (): void => undefined;
    this.form = new PictureForm(contentType, { document: ignore, open: ignore, bytes: ignore, close: ignore });
  }

  get images(): number {
    return this.form.images;
  }

  get begun(): boolean {
    return this.held.begun;
  }

  get chargedMicroDollars(): number | undefined {
    return this.form.chargedMicroDollars;
  }

  push(chunk: Buffer): boolean {
    this.form.push(chunk);
    // What makes the answer whole goes out with its end.
    if (this.form.complete) return this.held.keep(chunk);
    const flows = this.held.push(chunk);
    if (this.begun || !this.held.isFull || this.images === 0) return flows;
    return this.held.letGo({ ...this.head(), contentLength: this.contentLength });
  }

  end(): void {
    this.form.end();
    if (this.begun) this.sink.end(this.held.take());
    else this.held.release(this.held.take(), this.head());
  }

  private head() {
    return { contentType: this.contentType, chargedMicroDollars: this.chargedMicroDollars };
  }
}

/**
 * Makes of a form, while it flows, the JSON with base64 that Recraft would have answered: first everything but the
 * pictures, then one after the other. No picture is ever kept.
 */
export class FormToJsonRelay implements Relay {
  private readonly json: PictureRelay;
  private readonly base64 = new Base64Flow();
  private readonly form: PictureForm;
  /** Whether the sink took everything of the present chunk without asking for a pause. */
  private flows = true;
  private ending = '}';

  constructor(sink: AnswerSink, contentType: string) {
    this.json = new PictureRelay(sink, undefined);
    this.form = new PictureForm(contentType, {
      document: (document) => { this.write(this.opening(document)); },
      open: (picture) => {
        const separator = this.form.images > 1 ? ',' : '';
        this.write(`${separator}${JSON.stringify(picture).slice(0, -1)},"b64_json":"`);
      },
      bytes: (slice) => { this.write(this.base64.push(slice)); },
      close: () => {
        this.write(this.base64.end());
        this.write('"}');
      },
    }); // prettier-ignore
  }

  get images(): number {
    return this.form.images;
  }

  get begun(): boolean {
    return this.json.begun;
  }

  get chargedMicroDollars(): number | undefined {
    return this.form.chargedMicroDollars;
  }

  push(chunk: Buffer): boolean {
    this.flows = true;
    this.form.push(chunk);
    return this.flows;
  }

  end(): void {
    this.form.end();
    this.write(this.ending);
    this.json.end();
  }

  private opening({ members, isSingle }: FormDocument): string {
    const others = JSON.stringify(members).slice(1, -1);
    this.ending = isSingle ? '}' : ']}';
    return `{${others}${others === '' ? '' : ','}${isSingle ? '"image":' : '"data":['}`;
  }

  private write(piece: string | Buffer): void {
    if (piece.length === 0) return;
    const flows = this.json.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
    this.flows &&= flows;
  }
}
