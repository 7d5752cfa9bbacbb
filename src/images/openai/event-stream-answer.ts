import { JsonScanner } from '../../json/json-scanner.js';
import type { CallRecord } from '../../telemetry/call-record.js';
import { answerHeaders } from '../answer-headers.js';
import type { AnswerHead, AnswerSink } from '../image-provider.js';
import type { Outlet } from '../outlet.js';

export interface EventStreamOptions {
  /** `image_generation.completed` or `image_edit.completed`. */
  readonly event: string;
  /** The request's words for what a completed event repeats (openai-images.md §1.5). */
  readonly members: Readonly<Record<'size' | 'quality' | 'background', string>>;
  readonly heartbeatMs: number;
}

/**
 * Answers with server-sent events: comments while the picture is made, then one completed event per picture, its base64
 * flowing through. The stream opens with the first comment or the first picture, whichever comes first, so that what
 * fails before still gets its own HTTP status.
 */
export class EventStreamAnswer implements AnswerSink {
  private readonly heartbeat: NodeJS.Timeout;
  private createdAt = Math.floor(Date.now() / 1000);
  private number = '';
  private inEvent = false;
  private flowing = true;
  private readonly scanner = new JsonScanner({
    open: (path, kind) => {
      if (kind === 'object' && isPicture(path)) this.beginEvent();
      this.number = '';
      const isMember = isMemberOfPicture(path) && (kind === 'string' || kind === 'scalar');
      if (isMember) this.send(`,${JSON.stringify(path[2])}:${kind === 'string' ? '"' : ''}`);
      return isMember || (kind === 'scalar' && isCreated(path));
    },
    text: (slice) => {
      if (this.inEvent) this.send(slice);
      else this.number += slice.toString('latin1');
    },
    close: (path, kind) => {
      if (kind === 'string' && isMemberOfPicture(path)) this.send('"');
      if (kind === 'scalar' && isCreated(path)) this.createdAt = Number(this.number);
      if (kind === 'object' && isPicture(path)) this.endEvent();
    },
  });

  constructor(
    private readonly response: Outlet,
    private readonly call: CallRecord,
    private readonly options: EventStreamOptions,
  ) {
    this.heartbeat = setInterval(() => {
      // An error may have ended the answer while its client does not read, or has others to read first.
      if (response.writableEnded) return clearInterval(this.heartbeat);
      this.open();
      this.send(': waiting for the picture\n\n');
    }, options.heartbeatMs);
    response.once('close', () => {
      clearInterval(this.heartbeat);
    });
  }

  begin(head: AnswerHead): void {
    clearInterval(this.heartbeat);
    this.open(head);
  }

  write(chunk: Uint8Array): boolean {
    // Not corked: a corked response that asks for a pause may never say that it has drained (Node 24).
    this.flowing = true;
    this.scanner.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    return this.flowing;
  }

  onDrain(resume: () => void): void {
    this.response.once('drain', resume);
  }

  end(last: Uint8Array): void {
    this.write(last);
    this.response.end();
  }

  /** Inside an event nothing more can be said; between events the error becomes an event of its own. */
  fail(): void {
    if (this.inEvent) this.response.destroy();
  }

  private open(head: Pick<AnswerHead, 'chargedMicroDollars'> = { chargedMicroDollars: undefined }): void {
    if (this.response.headersSent) return;
    // Set and not just written: who reports a late error asks for it.
    this.response.setHeader('content-type', 'text/event-stream; charset=utf-8');
    this.response.setHeader('cache-control', 'no-cache, no-transform');
    // nginx would otherwise hold the comments back.
    this.response.setHeader('x-accel-buffering', 'no');
    this.response.writeHead(200, answerHeaders(this.call, head));
  }

  private beginEvent(): void {
    const { event, members } = this.options;
    const head = JSON.stringify({
      type: event,
      created_at: this.createdAt,
      ...members,
      output_format: this.call.format ?? 'webp',
    });
    this.inEvent = true;
    this.send(`event: ${event}\ndata: ${head.slice(0, -1)}`);
  }

  private endEvent(): void {
    this.send('}\n\n');
    this.inEvent = false;
  }

  private send(bytes: string | Uint8Array): void {
    this.flowing = this.response.write(bytes) && this.flowing;
  }
}

function isPicture(path: readonly string[]): boolean {
  return path.length === 2 && path[0] === 'data';
}

function isMemberOfPicture(path: readonly string[]): boolean {
  return path.length === 3 && path[0] === 'data';
}

function isCreated(path: readonly string[]): boolean {
  return path.length === 1 && path[0] === 'created';
}
