import { Inject, Injectable } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { GatewayError } from '../errors/gateway-error.js';
import type { UploadedImage } from '../images/image-request.js';
import { BufferPool } from './buffer-pool.js';
import { ChunkList } from './chunk-list.js';
import { sniff } from './sniff.js';
import type { Sniffed } from './sniff.js';
import { TemporaryFile } from './temporary-file.js';

/** Written and read at a time: large enough that waiting for the disk costs little, small enough for a hundred uploads at once. */
const BATCH_BYTES = 256 * 1024;
const IDLE_BUFFERS = 128;

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
  /** Parts above this many bytes go to a temporary file. */
  readonly spoolBytes: number;
}

export const SpoolOptions = Symbol('SpoolOptions');

/** Keeps uploaded parts: small ones in memory as they came, large ones in nameless temporary files. */
@Injectable()
export class Spool implements OnModuleInit {
  readonly #buffers = new BufferPool(BATCH_BYTES, IDLE_BUFFERS);

  constructor(@Inject(SpoolOptions) private readonly options: SpoolOptions) {}

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
    const intake = new Intake(this.options, this.#buffers);
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
    source.on('data', (chunk: Buffer) => {
      const writing = intake.take(chunk);
      if (writing === undefined) return;
      source.pause();
      writing.then(() => source.resume(), reject);
    });
    source.once('end', resolve);
    source.once('error', reject);
    // busboy goes on parsing behind its limit, up to the end of a part of any length.
    source.once('limit', () => {
      reject(new Error('The part is larger than it may be.'));
    });
    source.once('close', () => {
      reject(new Error('The part broke off.'));
    });
  });
}

/** One part while it comes in. */
class Intake {
  readonly #held = new ChunkList();
  #bytes = 0;
  #file: TemporaryFile | undefined;
  #writing: Promise<void> | undefined;
  #sniffed: Sniffed | undefined;
  #batch: Buffer | undefined;
  /** How many bytes of the batch wait to be written. */
  #filled = 0;

  constructor(
    private readonly options: SpoolOptions,
    private readonly buffers: BufferPool,
  ) {}

  /** Takes a chunk; gives a promise where the source has to wait until a batch is written. */
  take(chunk: Uint8Array): Promise<void> | undefined {
    this.#bytes += chunk.length;
    if (this.#file) return this.#gather(chunk);
    this.#held.push(chunk);
    return this.#bytes > this.options.spoolBytes ? this.#write(this.#held.takeAll()) : undefined;
  }

  async finish(param: string): Promise<UploadedPart> {
    await this.#writing; // A source may end while its last batch is being written.
    if (this.#filled > 0) await this.#write(this.#takeBatch());
    this.#freeBatch();
    if (this.#file) return new PartOnDisk(param, this.#bytes, this.#sniffed ?? sniff([]), this.#file, this.buffers);
    const chunks = this.#held.takeAll();
    return new PartInMemory(param, this.#bytes, sniff(chunks), chunks);
  }

  async discard(): Promise<void> {
    await this.#writing?.catch(() => undefined); // Told to the source already.
    this.#freeBatch();
    await this.#file?.close();
  }

  /**
   * Copies a chunk into the batch. Chunks kept until they are written would outlive their youth, and leave their memory
   * to a full collection of the heap: a hundred uploads at once took 30 MB more, and no less CPU.
   */
  #gather(chunk: Uint8Array): Promise<void> | undefined {
    const batch = (this.#batch ??= this.buffers.take());
    if (this.#filled + chunk.length > batch.length) return this.#write([...this.#takeBatch(), chunk]);
    batch.set(chunk, this.#filled);
    this.#filled += chunk.length;
    return undefined;
  }

  #takeBatch(): Uint8Array[] {
    const filled = this.#filled;
    this.#filled = 0;
    return this.#batch && filled > 0 ? [this.#batch.subarray(0, filled)] : [];
  }

  #freeBatch(): void {
    if (this.#batch) this.buffers.give(this.#batch);
    this.#batch = undefined;
  }

  #write(batch: readonly Uint8Array[]): Promise<void> {
    this.#sniffed ??= sniff(batch);
    this.#writing = this.#append(batch);
    return this.#writing;
  }

  async #append(batch: readonly Uint8Array[]): Promise<void> {
    this.#file ??= await TemporaryFile.create(this.options.directory);
    await this.#file.append(batch);
  }
}

abstract class StoredPart {
  readonly kind = 'bytes';
  readonly format: UploadedImage['format'];
  readonly width: number | undefined;
  readonly height: number | undefined;

  constructor(
    readonly param: string,
    readonly bytes: number,
    sniffed: Sniffed,
  ) {
    this.format = sniffed.format;
    this.width = sniffed.width;
    this.height = sniffed.height;
  }
}

class PartInMemory extends StoredPart implements UploadedPart {
  #chunks: readonly Uint8Array[];

  constructor(param: string, bytes: number, sniffed: Sniffed, chunks: readonly Uint8Array[]) {
    super(param, bytes, sniffed);
    this.#chunks = chunks;
  }

  open(): AsyncIterable<Uint8Array> {
    const chunks = this.#chunks;
    return {
      [Symbol.asyncIterator]: () => {
        const each = chunks.values();
        return { next: () => Promise.resolve(each.next()) };
      },
    };
  }

  dispose(): Promise<void> {
    this.#chunks = [];
    return Promise.resolve();
  }
}

class PartOnDisk extends StoredPart implements UploadedPart {
  #file: TemporaryFile | undefined;

  constructor(
    param: string,
    bytes: number,
    sniffed: Sniffed,
    file: TemporaryFile,
    private readonly buffers: BufferPool,
  ) {
    super(param, bytes, sniffed);
    this.#file = file;
  }

  open(): AsyncIterable<Uint8Array> {
    if (!this.#file) throw new Error(`The upload '${this.param}' is opened after it was disposed of.`);
    return this.#read(this.#file);
  }

  async *#read(file: TemporaryFile): AsyncGenerator<Uint8Array> {
    const buffer = this.buffers.take();
    let position = 0;
    for await (const chunk of file.read(this.bytes, buffer)) {
      position += chunk.length;
      // Nothing tells when the last chunk has gone out. As a copy it lets the buffer go before the long wait for the answer.
      yield position < this.bytes ? chunk : Buffer.from(chunk);
    }
    // After a reading that broke off, a chunk may still be on its way: its buffer is not used again at all.
    this.buffers.give(buffer);
  }

  async dispose(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}

/** A picture that is in memory already, for instance from a data URL. */
export function pictureInMemory(param: string, bytes: Uint8Array): UploadedImage {
  return new PartInMemory(param, bytes.length, sniff([bytes]), [bytes]);
}

function noRoom(cause: unknown): GatewayError {
  return new GatewayError('tooBusy', 'The gateway has no room for this upload; please try again in a moment.', {
    retryAfterSeconds: 10,
    cause,
  });
}
