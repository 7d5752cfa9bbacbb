import type { GatewayError } from '../../errors/gateway-error.js';
import type { AnswerSink } from '../../images/image-provider.js';
import { JsonScanner } from '../../json/json-scanner.js';
import { invalidAnswer, readRefusal, translateRefusal } from './upstream-errors.js';

/** 1,000 API units are one US dollar (recraft-api.md §7). */
export const MICRO_DOLLARS_PER_UNIT = 1000;

/**
 * Answers up to this size are held until they are whole: everything about them is then known before the first header
 * goes out, and a broken one can still become a proper error. Larger ones flow.
 */
const HELD_BYTES = 16 * 1024;

/** An answer that has shown no pictures within this many bytes is none. */
const MAX_BYTES_BEFORE_PICTURES = 64 * 1024;

const LONGEST_NUMBER = 20;

/**
 * Passes one 2xx answer of Recraft's on to a sink, byte for byte, and picks out on the way what accounting needs:
 * `credits` and the number of pictures (recraft-api.md §4.4).
 */
export class PictureRelay {
  /** Pictures seen so far. */
  images = 0;
  /** Whether the sink has begun: from then on a failure has to reach its reader too. */
  begun = false;
  private credits: number | undefined;
  private number = '';
  private held: Buffer[] = [];
  private heldBytes = 0;
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
      if (kind === 'scalar' && path.length === 1 && path[0] === 'credits') this.credits = toCredits(this.number);
    },
  });

  constructor(
    private readonly sink: AnswerSink,
    private readonly contentLength: number | undefined,
  ) {}

  /** What Recraft charged, in micro-dollars; undefined while the answer has not said so. */
  get chargedMicroDollars(): number | undefined {
    return this.credits === undefined ? undefined : this.credits * MICRO_DOLLARS_PER_UNIT;
  }

  /** Takes the next bytes; false asks for a pause. @throws GatewayError where they belong to no answer with pictures */
  push(chunk: Buffer): boolean {
    this.scan(chunk);
    // What makes the answer whole goes out with its end.
    if (this.begun && !this.scanner.complete) return this.sink.write(chunk);
    this.held.push(chunk);
    this.heldBytes += chunk.length;
    if (this.begun || this.scanner.complete || this.heldBytes <= HELD_BYTES) return true;
    if (this.images > 0) return this.letGo();
    if (this.heldBytes > MAX_BYTES_BEFORE_PICTURES) throw invalidAnswer('it has no pictures');
    return true;
  }

  /** The answer has ended. @throws GatewayError where it is cut short or has no pictures */
  end(): void {
    if (this.begun) {
      if (!this.scanner.complete) throw invalidAnswer('it is cut short');
      this.sink.end(this.takeHeld());
      return;
    }
    const body = this.takeHeld();
    if (!this.scanner.complete) throw invalidAnswer(body.length === 0 ? 'it is empty' : 'it is cut short');
    if (this.images === 0) throw withoutPictures(body);
    this.begun = true;
    this.sink.begin(this.head(body.length));
    this.sink.end(body);
  }

  private scan(chunk: Buffer): void {
    try {
      this.scanner.push(chunk);
    } catch (cause) {
      throw invalidAnswer('it is not JSON', { cause });
    }
  }

  private letGo(): boolean {
    this.begun = true;
    this.sink.begin(this.head(this.contentLength));
    return this.sink.write(this.takeHeld());
  }

  private takeHeld(): Buffer {
    const [only] = this.held;
    const body = only && this.held.length === 1 ? only : Buffer.concat(this.held, this.heldBytes);
    this.held = [];
    this.heldBytes = 0;
    return body;
  }

  private head(contentLength: number | undefined) {
    return { contentType: 'application/json', contentLength, chargedMicroDollars: this.chargedMicroDollars };
  }
}

/** `data[]` of generations, `image` of single-picture operations. */
function isPicture(path: readonly string[]): boolean {
  return path[0] === 'data' ? path.length === 2 && path[1] === '*' : path.length === 1 && path[0] === 'image';
}

function toCredits(text: string): number | undefined {
  const credits = Number(text);
  return Number.isFinite(credits) && credits >= 0 ? credits : undefined;
}

/** One reseller's adapter guards against a 200 that carries `{code, message}` (recraft-api.md §9). */
function withoutPictures(body: Buffer): GatewayError {
  const { code, message } = readRefusal({ contentType: 'application/json', body });
  if (code !== undefined) return translateRefusal({ status: 400, contentType: 'application/json', body });
  return invalidAnswer(message === '' ? 'it has no pictures' : `it has no pictures and says: ${message.slice(0, 200)}`);
}
