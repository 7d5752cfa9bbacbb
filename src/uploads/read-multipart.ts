import { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';
import multer from 'multer';
import { GatewayError } from '../errors/gateway-error.js';
import type { UploadedImage } from '../images/image-request.js';
import { countPassingBytes } from '../memory/buffer-garbage.js';
import { inMegabytes } from './byte-size.js';
import { ClientLeft } from './client-left.js';
import { FORM_LIMITS } from './form-limits.js';
import type { FormLimits } from './form-limits.js';
import { decodeFields } from './form-fields.js';
import { toFormError } from './multipart-errors.js';
import { NAMELESS_FILE, PartStorage } from './part-storage.js';
import type { Spool, UploadedPart } from './spool.js';
import type { Lease } from './upload-budget.js';

/** What busboy takes in before it asks the connection to wait; the spool takes a part's chunks as they come. */
const BUFFER_BYTES = 64 * 1024;

export interface MultipartOptions {
  readonly limits: FormLimits;
  readonly lease: Lease;
  readonly spool: Spool;
  /** Whether a part is a field, even where it comes as a file: generated clients send JSON so (recraft-api.md §4.1). */
  readonly isField?: (part: UploadedImage) => boolean;
}

export interface MultipartBody {
  /** Text fields, nested ones as objects and arrays; top-level values are still text. */
  readonly fields: Record<string, unknown>;
  /** File parts in the order they came. */
  readonly files: readonly UploadedPart[];
}

/**
 * Reads a form; its text fields and files may come in any order. The caller disposes of the files.
 * When it rejects, everything that had arrived is gone and the rest of the body is still to come.
 *
 * @throws GatewayError wrongContentType, invalidForm, tooLarge or tooBusy
 * @throws ClientLeft where the connection closes before the end
 */
export async function readMultipart(req: IncomingMessage, options: MultipartOptions): Promise<MultipartBody> {
  checkHeaders(req.headers, options.limits);
  const storage = new PartStorage(options.spool);
  try {
    const entries = await parse(req, storage, options);
    const parts = await storage.parts();
    const isField = (part: UploadedPart): boolean => options.isField?.(part) === true;
    for (const part of parts.filter(isField)) entries.push([part.param, await textOf(part, options.limits)]);
    return { fields: decodeFields(entries), files: parts.filter((part) => !isField(part)) };
  } catch (error) {
    await storage.dispose();
    throw toFormError(error, options.limits);
  }
}

/** The text of a field that came as a file, which is done with then. */
async function textOf(part: UploadedPart, { fieldBytes }: FormLimits): Promise<string> {
  const { param, bytes } = part;
  if (bytes > fieldBytes) {
    throw new GatewayError('tooLarge', `${param} is longer than ${inMegabytes(fieldBytes)}.`, { param });
  }
  const chunks: Buffer[] = [];
  // A chunk is valid until the next is asked for.
  for await (const chunk of part.open()) chunks.push(Buffer.from(chunk));
  await part.dispose();
  return Buffer.concat(chunks).toString('utf8');
}

function checkHeaders(headers: IncomingHttpHeaders, limits: FormLimits): void {
  const type = headers['content-type'];
  if (type === undefined || !/^multipart\/form-data\b/i.test(type.trimStart())) {
    const found = type === undefined ? 'has no content type' : `says '${type.slice(0, 100)}'`;
    throw new GatewayError('wrongContentType', `Send the body as multipart/form-data; this request ${found}.`);
  }
  const length = headers['content-length'];
  if (length === undefined && headers['transfer-encoding'] === undefined) {
    throw new GatewayError('invalidForm', 'The request has no body; send the fields as multipart/form-data.');
  }
  if (Number(length) > limits.bodyBytes) throw bodyTooLarge(limits);
}

type Entry = readonly [name: string, value: string];

/** Gives the text fields in the order they came; files go to the storage. */
function parse(req: IncomingMessage, storage: PartStorage, options: MultipartOptions): Promise<Entry[]> {
  return new Promise((resolve, reject) => {
    const entries: Entry[] = [];
    let stopFeeding = (): void => undefined;
    const reader = multerFor(storage, options.limits, (busboy) => {
      collectFields(busboy, entries, options.limits);
      stopFeeding = feed(busboy, req, options);
    });
    reader(new FormEvents(req.headers), undefined, (error) => {
      stopFeeding();
      // Multer passes on what busboy and the storage threw.
      if (error) reject(error);
      else resolve(entries);
    });
  });
}

type FormReader = (form: FormEvents, res: undefined, next: (error?: Error) => void) => void;

function multerFor(storage: PartStorage, limits: FormLimits, connect: (busboy: Writable) => void): FormReader {
  const options = {
    storage,
    limits: {
      fileSize: limits.imageBytes,
      fieldSize: limits.fieldBytes,
      files: FORM_LIMITS.files,
      parts: FORM_LIMITS.parts,
      fieldNameSize: FORM_LIMITS.fieldNameBytes,
      fieldNestingDepth: FORM_LIMITS.nesting,
      fieldArrayIndexLimit: FORM_LIMITS.arrayIndex,
    },
    highWaterMark: BUFFER_BYTES,
    fileHwm: BUFFER_BYTES,
    // multer 2.5 hands over its parser here: the one place where fields still have their order.
    streamHandler: (_form: unknown, busboy: Writable) => {
      connect(busboy);
    },
  };
  return multer(options).any() as unknown as FormReader;
}

/**
 * What multer is given in place of the request. Of a request it refuses, multer would read all the rest before saying
 * so, without an end if the body has none; of this one it finds nothing left to read.
 */
class FormEvents extends EventEmitter {
  readonly readable = false;
  body: unknown;
  files: unknown;

  constructor(readonly headers: IncomingHttpHeaders) {
    super();
  }

  unpipe(): this {
    return this;
  }

  resume(): this {
    return this;
  }
}

/** Keeps text fields in the order they came, which multer's own grouping by name loses. */
function collectFields(busboy: Writable, entries: Entry[], limits: FormLimits): void {
  let bytes = 0;
  busboy.on('field', (name: string, value: string | undefined) => {
    bytes += value?.length ?? 0;
    if (value === undefined) {
      busboy.destroy(
        new GatewayError('invalidForm', `The charset of ${name} is not known; use UTF-8.`, { param: name }),
      );
    } else if (bytes > limits.textBytes) {
      const most = inMegabytes(limits.textBytes);
      busboy.destroy(new GatewayError('tooLarge', `The form has more than ${most} of text.`, { param: name }));
    } else {
      entries.push([name, value]);
    }
  });
  busboy.prependListener('file', (_name: string, _stream: unknown, info: { filename?: string }) => {
    if (info.filename === undefined || info.filename === '') info.filename = NAMELESS_FILE;
  });
}

/** Lets the request's bytes into the parser, counted; gives a function that ends this. */
function feed(busboy: Writable, req: IncomingMessage, { lease, limits }: MultipartOptions): () => void {
  let received = 0;
  const take = (chunk: Buffer): void => {
    if (busboy.destroyed) return;
    countPassingBytes(chunk.length);
    received += chunk.length;
    try {
      if (received > limits.bodyBytes) throw bodyTooLarge(limits);
      lease.take(chunk.length);
    } catch (error) {
      busboy.destroy(error as Error);
      return;
    }
    if (!busboy.write(chunk)) req.pause();
  };
  const resume = (): void => void req.resume();
  const end = (): void => void busboy.end();
  const close = (): void => {
    if (!req.complete) busboy.destroy(new ClientLeft());
  };
  busboy.on('drain', resume);
  req.on('data', take);
  req.once('end', end);
  req.once('close', close);
  return () => {
    busboy.off('drain', resume);
    req.off('data', take);
    req.off('end', end);
    req.off('close', close);
  };
}

function bodyTooLarge(limits: FormLimits): GatewayError {
  return new GatewayError('tooLarge', `The request body is larger than ${inMegabytes(limits.bodyBytes)}.`);
}
