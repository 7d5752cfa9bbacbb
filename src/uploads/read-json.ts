import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { GatewayError } from '../errors/gateway-error.js';
import { inMegabytes } from './byte-size.js';
import { ChunkList } from './chunk-list.js';
import { ClientLeft } from './client-left.js';
import { findSyntaxProblem } from './json-syntax.js';
import type { Lease } from './upload-budget.js';

export interface JsonOptions {
  /** Largest body, in bytes, after decompression. */
  readonly maxBytes: number;
  /** Up to here a body is not worth an entry in the budget, in bytes. */
  readonly freeBytes: number;
  readonly lease: Lease;
}

const DECODERS = { gzip: createGunzip, 'x-gzip': createGunzip, deflate: createInflate, br: createBrotliDecompress };

/** Types that a JSON body may come under; clients that set none, or plain text, mean JSON too (openai-images.md §3.1). */
const JSON_TYPE = /^(?:application\/(?:[\w.+-]+\+)?json|text\/(?:plain|json))$/;
const UTF8 = /^(?:utf-?8|us-ascii)$/i;

/** Longer broken texts are refused without looking for the place. */
const EXPLAINED_LENGTH = 1024 * 1024;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a JSON body whose top level is an object. When it rejects, the rest of the body is still to come.
 *
 * @throws GatewayError wrongContentType, tooLarge, tooBusy or invalidJson
 * @throws ClientLeft where the connection closes before the end
 */
export async function readJson(req: IncomingMessage, options: JsonOptions): Promise<Record<string, unknown>> {
  checkType(req.headers['content-type']);
  if (Number(req.headers['content-length']) > options.maxBytes) throw tooLarge(options);
  const decode = decoderFor(req.headers);
  const chunks = decode ? await collectDecoded(req, decode(), options) : await collect(req, req, options);
  return parse(chunks);
}

function checkType(header: string | undefined): void {
  if (header === undefined || header === 'application/json') return;
  const [type = '', ...params] = header.split(';');
  if (!JSON_TYPE.test(type.trim().toLowerCase())) {
    const message = `Send the body as JSON with 'content-type: application/json'; this request says '${header.slice(0, 100)}'.`;
    throw new GatewayError('wrongContentType', message);
  }
  const charset = params.map((param) => /^\s*charset\s*=\s*"?([^"\s]*)"?\s*$/i.exec(param)?.[1]).find(Boolean);
  if (charset !== undefined && !UTF8.test(charset)) {
    throw new GatewayError('wrongContentType', `Send the body as UTF-8; this request says '${charset.slice(0, 100)}'.`);
  }
}

function decoderFor(headers: IncomingHttpHeaders): (() => ReturnType<typeof createGunzip>) | undefined {
  const encoding = headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return undefined;
  if (Object.hasOwn(DECODERS, encoding)) return DECODERS[encoding as keyof typeof DECODERS];
  const message = `The content encoding '${encoding.slice(0, 100)}' is not supported; use gzip, deflate, br or none.`;
  throw new GatewayError('wrongContentType', message);
}

async function collectDecoded(
  req: IncomingMessage,
  decoded: ReturnType<typeof createGunzip>,
  options: JsonOptions,
): Promise<Uint8Array[]> {
  // It may go on complaining about a body that was given up already.
  decoded.on('error', () => undefined);
  try {
    return await collect(req, req.pipe(decoded), options);
  } catch (error) {
    const isDataError = /^(?:Z_|ERR_BROTLI|ERR__ERROR)/.test((error as NodeJS.ErrnoException).code ?? '');
    throw isDataError ? new GatewayError('invalidJson', 'The body does not decompress.', { cause: error }) : error;
  } finally {
    req.unpipe(decoded);
    decoded.destroy();
  }
}

/** The bytes of a source that stands for the request's body, counted as they come. */
function collect(req: IncomingMessage, source: Readable, options: JsonOptions): Promise<Uint8Array[]> {
  return new Promise((resolve, reject) => {
    const chunks = new ChunkList();
    let leased = 0;
    const fail = (error: Error): void => {
      source.off('data', take);
      reject(hasLeft(req) ? new ClientLeft() : error);
    };
    const take = (chunk: Buffer): void => {
      chunks.push(chunk);
      try {
        if (chunks.bytes > options.maxBytes) throw tooLarge(options);
        if (chunks.bytes <= options.freeBytes) return;
        options.lease.take(chunks.bytes - leased);
        leased = chunks.bytes;
      } catch (error) {
        fail(error as Error);
      }
    };
    const end = (): void => {
      resolve(chunks.takeAll());
    };
    const close = (): void => {
      if (hasLeft(req)) fail(new ClientLeft());
    };
    source.on('data', take);
    source.on('end', end);
    source.on('error', fail);
    req.on('close', close);
  });
}

/** A request whose connection breaks is destroyed before it is complete; its error then only says how. */
function hasLeft(req: IncomingMessage): boolean {
  return req.destroyed && !req.complete;
}

function parse(chunks: readonly Uint8Array[]): Record<string, unknown> {
  const text = decodeUtf8(chunks);
  const value = parseText(text);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new GatewayError('invalidJson', `The body must be a JSON object, not ${kindOf(value)}.`);
}

/** Without a byte order mark. */
function decodeUtf8(chunks: readonly Uint8Array[]): string {
  const [first = new Uint8Array(), ...others] = chunks;
  try {
    return decoder.decode(others.length === 0 ? first : Buffer.concat(chunks));
  } catch (cause) {
    throw new GatewayError('invalidJson', 'The body is not valid UTF-8.', { cause });
  }
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new GatewayError('invalidJson', explain(text), { cause });
  }
}

function explain(text: string): string {
  if (text.trim() === '') return 'The request body is empty; send a JSON object.';
  const problem = text.length > EXPLAINED_LENGTH ? undefined : findSyntaxProblem(text);
  if (!problem) return 'The body is not valid JSON.';
  return `The body is not valid JSON: ${problem.what}, at line ${problem.line}, column ${problem.column}.`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}

function tooLarge({ maxBytes }: JsonOptions): GatewayError {
  return new GatewayError('tooLarge', `The request body is larger than ${inMegabytes(maxBytes)}.`);
}
