import type { AnswerHead, AnswerSink } from '../../images/image-provider.js';

/**
 * Answers up to this size are held until they are whole: everything about them is then known before the first header
 * goes out, and a broken one can still become a proper error. Larger ones flow.
 */
const HELD_BYTES = 16 * 1024;

/** Holds the first bytes of an answer back from its sink (docs/decisions/streaming-with-hold-back.md). */
export class HoldBack {
  /** Whether the sink has begun: from then on a failure has to reach its reader too. */
  begun = false;
  private held: Buffer[] = [];
  /** How many bytes are held. */
  bytes = 0;

  constructor(private readonly sink: AnswerSink) {}

  /** Whether more is held than has to be. */
  get isFull(): boolean {
    return this.bytes > HELD_BYTES;
  }

  /** Takes the next bytes; false asks for a pause. */
  push(chunk: Buffer): boolean {
    return this.begun ? this.sink.write(chunk) : this.keep(chunk);
  }

  /** Holds bytes also of an answer that flows. */
  keep(chunk: Buffer): true {
    this.held.push(chunk);
    this.bytes += chunk.length;
    return true;
  }

  /** Lets flow what is held, and all that follows; false asks for a pause. */
  letGo(head: AnswerHead): boolean {
    this.begun = true;
    this.sink.begin(head);
    return this.sink.write(this.take());
  }

  /** Hands on a whole answer that never had to flow. */
  release(body: Buffer, head: Omit<AnswerHead, 'contentLength'>): void {
    this.begun = true;
    this.sink.begin({ ...head, contentLength: body.length });
    this.sink.end(body);
  }

  /** All that is held, which is then no longer. */
  take(): Buffer {
    const [only] = this.held;
    const body = only && this.held.length === 1 ? only : Buffer.concat(this.held, this.bytes);
    this.held = [];
    this.bytes = 0;
    return body;
  }
}
