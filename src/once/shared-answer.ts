import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import type { Outlet } from '../images/outlet.js';
import { baseHeaders, isBaseHeader } from '../telemetry/base-headers.js';
import type { CallRecord } from '../telemetry/call-record.js';
import type { AnswerCopy } from './answer-copy.js';
import type { StoredAnswer } from './answer-store.js';

/** One HTTP client that waits for the answer. */
export interface Reader {
  readonly response: Response;
  readonly call: CallRecord;
}

/** Says that an answer is a copy of one that was paid for before. */
const REPLAYED = 'idempotent-replayed';

/**
 * An answer that several clients may read, from its start, whenever they come: the one who asked first and those whose
 * request turned out to be the same. It goes on when none is there any more.
 */
export class SharedAnswer implements Outlet {
  headersSent = false;
  writableEnded = false;
  private readers: Reader[];
  private readonly set: [name: string, value: string][] = [];
  /** Few answers are waited for, and each of these would be made for every one. */
  private events: EventEmitter | undefined;
  private slow: Set<Reader> | undefined;
  /** Whose ids the answer is written with; undefined once it has left. */
  private first: Reader | undefined;

  constructor(
    first: Reader,
    private readonly copy: AnswerCopy,
  ) {
    this.first = first;
    this.readers = [first];
  }

  /** Whether somebody who comes now can have all of it. */
  get isWhole(): boolean {
    return this.copy.isWhole;
  }

  get readerCount(): number {
    return this.readers.length;
  }

  setHeader(name: string, value: string): void {
    this.set.push([name, value]);
    for (const { response } of this.readers) response.setHeader(name, value);
  }

  writeHead(status: number, headers: string[]): void {
    this.headersSent = true;
    this.copy.status = status;
    this.copy.headers = headers;
    for (const reader of this.readers) {
      reader.response.writeHead(status, reader === this.first ? headers : replayHeaders(headers, reader.call));
    }
  }

  write(bytes: string | Uint8Array): boolean {
    this.copy.add(bytes);
    for (const reader of this.readers) if (!reader.response.write(bytes)) (this.slow ??= new Set()).add(reader);
    return !this.slow?.size;
  }

  end(bytes?: string | Uint8Array, encoding: BufferEncoding = 'utf8'): void {
    this.writableEnded = true;
    if (bytes !== undefined) this.copy.add(bytes, encoding);
    for (const { response } of this.readers) endWith(response, bytes, encoding);
  }

  destroy(): void {
    this.writableEnded = true;
    this.copy.drop();
    for (const { response } of this.readers) response.destroy();
  }

  /** `drain` comes when no reader is slow any more, `close` when the work is over. */
  once(event: 'drain' | 'close', listener: () => void): void {
    this.events ??= new EventEmitter();
    this.events.once(event, listener);
    if (event !== 'drain') return;
    for (const reader of this.slow ?? []) {
      reader.response.once('drain', () => {
        this.noLongerSlow(reader);
      });
    }
    if (!this.slow?.size) this.events.emit('drain');
  }

  /** Lets another client read along, from the start. */
  join(reader: Reader): void {
    const { response } = reader;
    for (const [name, value] of this.set) response.setHeader(name, value);
    if (this.headersSent) response.writeHead(this.copy.status, replayHeaders(this.copy.headers, reader.call));
    for (const { bytes, encoding } of this.copy.body) writeTo(response, bytes, encoding);
    if (this.writableEnded) response.end();
    else this.readers.push(reader);
  }

  /** A client is gone, or has read all. */
  leave(reader: Reader): void {
    this.readers = this.readers.filter((other) => other !== reader);
    this.noLongerSlow(reader);
    if (reader === this.first) this.first = undefined;
    if (this.readers.length === 0) this.copy.becomes('owed');
  }

  /** All of it, to be sent again by somebody else; without a body where not all was kept, or it has more than so many bytes. */
  stored(mostBytes = Infinity): StoredAnswer {
    const { status, headers, size, isWhole } = this.copy;
    return {
      status,
      headers: [...this.set.flat(), ...withoutOwn(headers)],
      body: isWhole && size <= mostBytes ? bytesOf(this.copy) : null,
    };
  }

  /** Nothing more will be written. */
  over(): void {
    this.events?.emit('close');
    this.events?.removeAllListeners();
  }

  private noLongerSlow(reader: Reader): void {
    if (this.slow?.delete(reader) && this.slow.size === 0) this.events?.emit('drain');
  }
}

function endWith(response: Response, bytes: string | Uint8Array | undefined, encoding: BufferEncoding): void {
  if (typeof bytes === 'string') response.end(bytes, encoding);
  else response.end(bytes);
}

function writeTo(response: Response, bytes: string | Uint8Array, encoding: BufferEncoding): void {
  if (typeof bytes === 'string') response.write(bytes, encoding);
  else response.write(bytes);
}

function bytesOf({ body }: AnswerCopy): Buffer {
  return Buffer.concat(
    body.map(({ bytes, encoding }) => (typeof bytes === 'string' ? Buffer.from(bytes, encoding) : bytes)),
  );
}

/** The headers of an answer that is given again to another call: the same under that call's own ids, each once. */
export function replayHeaders(headers: readonly string[], call: CallRecord): string[] {
  return [...baseHeaders(call), ...withoutOwn(headers), REPLAYED, 'true'];
}

/** Without the headers that every answer has with values of its own. */
function withoutOwn(headers: readonly string[]): string[] {
  return headers.filter((_text, index) => {
    const name = headers[index - (index % 2)] ?? '';
    return name !== REPLAYED && !isBaseHeader(name);
  });
}
