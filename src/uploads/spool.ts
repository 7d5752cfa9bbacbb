import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { GatewayError } from '../errors/gateway-error.js';
import type { UploadedImage } from '../images/image-request.js';
import { BufferPool } from './buffer-pool.js';
import { ChunkList } from './chunk-list.js';
import { PngEnd } from './png-end.js';
import { sniff } from './sniff.js';
import type { Sniffed } from './sniff.js';
import { TemporaryFile } from './temporary-file.js';

/** Kept, written and read at a time: large enough that waiting for the disk costs little, small enough for a hundred uploads at once. */
const BATCH_BYTES = 128 * 1024;

/** Up to here a part is kept in the chunks it came in: a buffer of its own would be mostly empty. */
const SMALL_BYTES = BATCH_BYTES;

/** Trouble of the machine that passes: no space, quota used up, too many open files. */
const PASSING_TROUBLE: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

/** A picture that has arrived, kept until it is disposed of. A chunk of `open()` is valid until the next is asked for. */
export interface UploadedPart extends UploadedImage {
  /** Frees its memory or its file; can be called again. */
  dispose(): Promise<void>;
}

export interface SpoolOptions {
  /** Where temporary files are made. */
  readonly directory: string;
  /** What large parts may hold in memory, all of them together; what comes on top goes to temporary files. In bytes. */
  readonly memoryBytes: number;
}

export const SpoolOptions = Symbol('SpoolOptions');

/** Keeps uploaded parts: in memory while there is room for them, in nameless temporary files beyond it. */
@Injectable()
export class Spool implements OnModuleInit {
  readonly #buffers: BufferPool;

  constructor(@Inject(SpoolOptions) private readonly options: SpoolOptions) {
    this.#buffers = new BufferPool(BATCH_BYTES, Math.floor(options.memoryBytes / BATCH_BYTES));
  }

  /** A directory that takes no files should stop the start, not the first upload. */
  async onModuleInit(): Promise<void> {
    const file = await TemporaryFile.create(this.options.directory);
    await file.close();
  }

  /**
   * Reads a part to its end. Rejects when it breaks off or reaches busboy's size limit; nothing is kept then.
   *
   * @param param the field it came in
   */
  async store(source: Readable, param: string): Promise<UploadedPart> {
    const intake = new Intake(this.options.directory, this.#buffers);
    try {
      await readInto(intake, source);
      return await intake.finish(param);
    } catch (error) {
      await intake.discard();
      throw PASSING_TROUBLE.has((error as NodeJS.ErrnoException).code) ? noRoom(error) : error;
    }
  }
}

function readInto(intake: Intake, source: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      const writing = intake.take(chunk);
      if (writing === undefined) return;
      source.pause();
      writing.then(() => source.resume(), fail);
    };
    const fail = (error: Error): void => {
      source.off('data', take);
      reject(error);
    };
    source.on('data', take);
    source.once('end', resolve);
    source.once('error', fail);
    // busboy goes on parsing behind its limit, up to the end of a part of any length.
    source.once('limit', () => {
      fail(new Error('The part is larger than it may be.'));
    });
    source.once('close', () => {
      fail(new Error('The part broke off.'));
    });
  });
}

/** One part while it comes in. A large one is gathered into batches: as many as there is room for, then into a file. */
class Intake {
  readonly #held = new ChunkList();
  readonly #kept: Buffer[] = [];
  #bytes = 0;
  #batch: Buffer | undefined;
  /** How many bytes of the batch are filled. */
  #filled = 0;
  #file: TemporaryFile | undefined;
  #writing: Promise<void> | undefined;
  #sniffed: Sniffed | undefined;
  readonly #end = new PngEnd();

  constructor(
    private readonly directory: string,
    private readonly buffers: BufferPool,
  ) {}

  /** Takes a chunk; gives a promise where the source has to wait until a batch is written. */
  take(chunk: Uint8Array): Promise<void> | undefined {
    this.#bytes += chunk.length;
    this.#end.push(chunk);
    if (this.#batch) return this.#gather(this.#batch, chunk);
    this.#held.push(chunk);
    return this.#bytes > SMALL_BYTES ? this.#gatherHeld() : undefined;
  }

  async finish(param: string): Promise<UploadedPart> {
    await this.#writing; // A source may end while its last batch is being written.
    if (!this.#batch) {
      const chunks = this.#held.takeAll();
      return new SmallPart(param, this.#bytes, sniff(chunks), this.#end, chunks);
    }
    const last = this.#batch.subarray(0, this.#filled);
    if (this.#file) await this.#write([last]);
    else this.#sniffed ??= sniff([this.#kept[0] ?? last]);
    const kept = this.#file ? this.#kept : [...this.#kept, this.#batch];
    if (this.#file) this.buffers.give(this.#batch);
    return new LargePart(param, this.#bytes, this.#sniffed ?? sniff([]), this.#end, kept, this.#file, this.buffers);
  }

  async discard(): Promise<void> {
    await this.#writing?.catch(() => undefined); // Told to the source already.
    if (this.#batch) this.buffers.give(this.#batch);
    for (const buffer of this.#kept) this.buffers.give(buffer);
    await this.#file?.close();
  }

  /** What is held is little: at most its last chunk does not fit into one batch. */
  #gatherHeld(): Promise<void> | undefined {
    this.#batch = this.buffers.take();
    let writing: Promise<void> | undefined;
    for (const chunk of this.#held.takeAll()) writing = this.#gather(this.#batch, chunk);
    return writing;
  }

  /**
   * Copies a chunk into the batch. Chunks that are kept would outlive their youth, and leave their memory to a full
   * collection of the heap.
   */
  #gather(batch: Buffer, chunk: Uint8Array): Promise<void> | undefined {
    const room = batch.length - this.#filled;
    if (chunk.length <= room) {
      batch.set(chunk, this.#filled);
      this.#filled += chunk.length;
      return undefined;
    }
    if (this.#file || !this.buffers.hasRoom) return this.#write([batch.subarray(0, this.#filled), chunk]);
    batch.set(chunk.subarray(0, room), this.#filled);
    this.#kept.push(batch);
    this.#batch = this.buffers.take();
    this.#filled = 0;
    return this.#gather(this.#batch, chunk.subarray(room));
  }

  #write(chunks: readonly Uint8Array[]): Promise<void> {
    this.#sniffed ??= sniff(this.#kept.length > 0 ? this.#kept.slice(0, 1) : chunks);
    this.#filled = 0;
    this.#writing = this.#append(chunks);
    return this.#writing;
  }

  async #append(chunks: readonly Uint8Array[]): Promise<void> {
    this.#file ??= await TemporaryFile.create(this.directory);
    await this.#file.append(chunks);
  }
}

abstract class StoredPart {
  readonly kind = 'bytes';
  readonly format: UploadedImage['format'];
  readonly width: number | undefined;
  readonly height: number | undefined;
  readonly orientation: number | undefined;
  readonly isCutShort: boolean;

  constructor(
    readonly param: string,
    readonly bytes: number,
    { format, width, height, orientation }: Sniffed,
    end: PngEnd,
  ) {
    this.format = format;
    this.width = width;
    this.height = height;
    this.orientation = orientation;
    this.isCutShort = end.isMissing;
  }
}

class SmallPart extends StoredPart implements UploadedPart {
  #chunks: readonly Uint8Array[] | undefined;

  constructor(param: string, bytes: number, sniffed: Sniffed, end: PngEnd, chunks: readonly Uint8Array[]) {
    super(param, bytes, sniffed, end);
    this.#chunks = chunks;
  }

  open(): AsyncIterable<Uint8Array> {
    const chunks = this.#chunks;
    if (!chunks) throw disposedOf(this.param);
    return {
      [Symbol.asyncIterator]: () => {
        const each = chunks.values();
        return { next: () => Promise.resolve(each.next()) };
      },
    };
  }

  dispose(): Promise<void> {
    this.#chunks = undefined;
    return Promise.resolve();
  }
}

function disposedOf(param: string): Error {
  return new Error(`The upload '${param}' is opened after it was disposed of.`);
}

/** Its first bytes in full buffers, the rest in a file where there was no room for it. */
class LargePart extends StoredPart implements UploadedPart {
  #disposed = false;
  /** Readings that have not come to their end. */
  #reading = 0;

  constructor(
    param: string,
    bytes: number,
    sniffed: Sniffed,
    end: PngEnd,
    private readonly kept: readonly Buffer[],
    private readonly file: TemporaryFile | undefined,
    private readonly buffers: BufferPool,
  ) {
    super(param, bytes, sniffed, end);
  }

  open(): AsyncIterable<Uint8Array> {
    if (this.#disposed) throw disposedOf(this.param);
    return this.#read();
  }

  async *#read(): AsyncGenerator<Uint8Array> {
    this.#reading += 1;
    let left = this.bytes;
    for await (const chunk of this.#chunks()) {
      left -= chunk.length;
      // Nothing tells when the last chunk has gone out. As a copy it does not keep its buffer from being used again.
      yield left > 0 ? chunk : Buffer.from(chunk);
    }
    this.#reading -= 1;
  }

  async *#chunks(): AsyncGenerator<Uint8Array> {
    let left = this.bytes;
    for (const buffer of this.kept) {
      yield buffer.subarray(0, left);
      left -= buffer.length;
    }
    if (this.file) yield* this.#fromFile(this.file, left);
  }

  async *#fromFile(file: TemporaryFile, bytes: number): AsyncGenerator<Uint8Array> {
    const buffer = this.buffers.take();
    let isRead = false;
    try {
      yield* file.read(bytes, buffer);
      isRead = true;
    } finally {
      this.#release(buffer, isRead);
    }
  }

  /** After a reading that broke off, a chunk may still be on its way out: its buffer is not used again at all. */
  #release(buffer: Buffer, isRead: boolean): void {
    if (isRead) this.buffers.give(buffer);
    else this.buffers.forget();
  }

  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const buffer of this.kept) this.#release(buffer, this.#reading === 0);
    await this.file?.close();
  }
}

/** A picture that is in memory already, for instance from a data URL; `madeFrom` is the size of what it was made of. */
export function pictureInMemory(param: string, bytes: Uint8Array, madeFrom?: UploadedImage['madeFrom']): UploadedImage {
  const end = new PngEnd();
  end.push(bytes);
  const picture = new SmallPart(param, bytes.length, sniff([bytes]), end, [bytes]);
  return Object.assign(picture, madeFrom && { madeFrom });
}

function noRoom(cause: unknown): GatewayError {
  return new GatewayError('tooBusy', 'The gateway has no room for this upload; please try again in a moment.', {
    retryAfterSeconds: 10,
    cause,
  });
}
