import type { GatewayError } from '../../errors/gateway-error.js';
import type { AnswerSink } from '../../images/image-provider.js';
import { JsonScanner } from '../../json/json-scanner.js';
import { chargeOf } from './charge.js';
import { HoldBack } from './hold-back.js';
import type { Relay } from './relay.js';
import { invalidAnswer, readRefusal, translateRefusal } from './upstream-errors.js';

/** An answer that has shown no pictures within this many bytes is none. */
const MAX_BYTES_BEFORE_PICTURES = 64 * 1024;

const LONGEST_NUMBER = 20;

/**
 * Passes one 2xx answer of Recraft's on to a sink, byte for byte, and picks out on the way what accounting needs:
 * `credits` and the number of pictures (recraft-api.md §4.4).
 */
export class PictureRelay implements Relay {
  images = 0;
  private readonly held: HoldBack;
  private charged: number | undefined;
  private number = '';
  private readonly scanner = new JsonScanner({
    open: (path, kind) => {
      if (kind === 'object' && isPicture(path)) this.images++;
      this.number = '';
      return kind === 'scalar' && path.length === 1 && path[0] === 'credits';
    },
    text: (slice) => {
      if (this.number.length < LONGEST_NUMBER) this.number += slice.toString('latin1');
    },
    close: (path, kind) => {
      if (kind === 'scalar' && path.length === 1 && path[0] === 'credits') this.charged = chargeOf(Number(this.number));
    },
  });

  constructor(
    private readonly sink: AnswerSink,
    private readonly contentLength: number | undefined,
  ) {
    this.held = new HoldBack(sink);
  }

  get begun(): boolean {
    return this.held.begun;
  }

  get chargedMicroDollars(): number | undefined {
    return this.charged;
  }

  push(chunk: Buffer): boolean {
    this.scan(chunk);
    // What makes the answer whole goes out with its end.
    if (this.scanner.complete) return this.held.keep(chunk);
    const flows = this.held.push(chunk);
    if (this.begun || !this.held.isFull) return flows;
    if (this.images > 0) return this.held.letGo({ ...this.head(), contentLength: this.contentLength });
    if (this.held.bytes > MAX_BYTES_BEFORE_PICTURES) throw invalidAnswer('it has no pictures');
    return true;
  }

  end(): void {
    if (this.begun) {
      if (!this.scanner.complete) throw invalidAnswer('it is cut short');
      this.sink.end(this.held.take());
      return;
    }
    const body = this.held.take();
    if (!this.scanner.complete) throw invalidAnswer(body.length === 0 ? 'it is empty' : 'it is cut short');
    if (this.images === 0) throw withoutPictures(body);
    this.held.release(body, this.head());
  }

  private scan(chunk: Buffer): void {
    try {
      this.scanner.push(chunk);
    } catch (cause) {
      throw invalidAnswer('it is not JSON', { cause });
    }
  }

  private head() {
    return { contentType: 'application/json', chargedMicroDollars: this.chargedMicroDollars };
  }
}

/** `data[]` of generations, `image` of single-picture operations. */
function isPicture(path: readonly string[]): boolean {
  return path[0] === 'data' ? path.length === 2 && path[1] === '*' : path.length === 1 && path[0] === 'image';
}

/** One reseller's adapter guards against a 200 that carries `{code, message}` (recraft-api.md §9). */
export function withoutPictures(body: Buffer): GatewayError {
  const { code, message } = readRefusal({ contentType: 'application/json', body });
  if (code !== undefined) return translateRefusal({ status: 400, contentType: 'application/json', body });
  return invalidAnswer(message === '' ? 'it has no pictures' : `it has no pictures and says: ${message.slice(0, 200)}`);
}
