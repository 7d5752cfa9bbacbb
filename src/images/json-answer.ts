import type { CallRecord } from '../telemetry/call-record.js';
import { answerHeaders } from './answer-headers.js';
import type { AnswerHead, AnswerSink } from './image-provider.js';
import type { Outlet } from './outlet.js';

/** Lets an answer flow to an HTTP client as it comes: one JSON document, or a form. */
export class JsonAnswer implements AnswerSink {
  constructor(
    private readonly response: Outlet,
    private readonly call: CallRecord,
  ) {}

  begin(head: AnswerHead): void {
    const headers = answerHeaders(this.call, head);
    headers.push('content-type', head.contentType);
    if (head.contentLength !== undefined) headers.push('content-length', String(head.contentLength));
    this.response.writeHead(200, headers);
  }

  write(chunk: Uint8Array): boolean {
    return this.response.write(chunk);
  }

  onDrain(resume: () => void): void {
    this.response.once('drain', resume);
  }

  end(last: Uint8Array): void {
    // As Latin-1 text the same bytes leave together with the header, in one piece.
    this.response.end(Buffer.from(last.buffer, last.byteOffset, last.length).toString('latin1'), 'latin1');
  }

  /** Only a broken connection tells a client that a document which began with 200 is not whole. */
  fail(): void {
    this.response.destroy();
  }
}
