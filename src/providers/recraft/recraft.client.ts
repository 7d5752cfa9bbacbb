import { Pool } from 'undici';
import {
  abortSignalOf,
  type AnswerSink,
  type Attempt,
  type EndSignal,
  type Fulfilment,
} from '../../images/image-provider.js';
import { GatewayError } from '../../errors/gateway-error.js';
import type { Deployment } from '../../registry/deployment.js';
import type { DocumentCall } from './documents.js';
import { UpstreamCall } from './upstream-call.js';
import { invalidAnswer, translateBreak, translateRefusal } from './upstream-errors.js';
import type { BytesForm, WireRequest } from './wire.js';

export interface ClientOptions {
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  /** Calls in flight to one account. HTTP/1.1 carries one POST a connection, so this is a hard cap. */
  readonly connections: number;
  /** How Recraft is asked for the bytes of pictures. */
  readonly responseFormat: BytesForm;
}

/** Far more than the longest list of styles. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

const ACCEPTED = { json: 'application/json', multipart: 'application/json, multipart/form-data' } as const;

/** Longer than the pause between two pictures of a busy team, shorter than the idle limits of common proxies. */
const KEEP_ALIVE_MS = 30_000;

interface AnsweredDocument {
  readonly document: Readonly<Record<string, unknown>>;
  readonly requestId: string | undefined;
}

interface Account {
  readonly pool: Pool;
  /** Path of the API's root: '' unless the account sits behind a prefix. */
  readonly basePath: string;
  readonly authorization: string;
}

/** Talks HTTP to Recraft: one pool of kept-alive connections for each account. */
export class RecraftClient {
  private readonly accounts = new Map<string, Account>();

  constructor(private readonly options: ClientOptions) {}

  /**
   * Sends a request and relays its answer.
   *
   * @param keepsForm pass an answer that is a form on as one; without it, the sink gets JSON whatever Recraft sends
   * @throws GatewayError, or the signal's reason where the caller left
   */
  post(
    deployment: Deployment,
    { path, contentType, contentLength, body }: WireRequest,
    sink: AnswerSink,
    { signal, times, timeoutMs, traceparent }: Attempt,
    keepsForm = false,
  ): Promise<Fulfilment> {
    const account = this.account(deployment);
    const deadlines = { firstByteMs: this.options.firstByteTimeoutMs, totalMs: timeoutMs };
    const call = new UpstreamCall(sink, signal, times, deadlines, keepsForm);
    account.pool.dispatch(
      {
        method: 'POST',
        path: account.basePath + path,
        headers: {
          authorization: account.authorization,
          'content-type': contentType,
          'content-length': String(contentLength),
          accept: ACCEPTED[this.options.responseFormat],
          'user-agent': 'image-gateway',
          ...(traceparent !== undefined && { traceparent }),
        },
        body: body as Buffer, // undici takes any async iterable; its type for `dispatch` does not say so.
        // The call keeps its own deadlines, exact to the millisecond.
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      call,
    );
    return call.done;
  }

  /** Asks for a small JSON document and gives it with its headers. @throws GatewayError */
  async ask(
    deployment: Deployment,
    { method, path, wire, missing }: DocumentCall,
    { signal, times, timeoutMs, traceparent }: Attempt,
  ): Promise<AnsweredDocument> {
    const account = this.account(deployment);
    const patienceMs = Math.min(this.options.firstByteTimeoutMs, timeoutMs);
    times.sentAt = performance.now();
    times.onSent?.();
    const answer = await account.pool
      .request({
        method,
        path: account.basePath + path,
        headers: {
          authorization: account.authorization,
          accept: 'application/json',
          'user-agent': 'image-gateway',
          ...(traceparent !== undefined && { traceparent }),
          ...(wire && { 'content-type': wire.contentType, 'content-length': String(wire.contentLength) }),
        },
        body: (wire?.body ?? null) as Buffer | null, // undici takes any async iterable; its type does not say so.
        headersTimeout: patienceMs,
        bodyTimeout: patienceMs,
        signal: abortSignalOf(signal),
      })
      .catch((cause: unknown) => {
        throw translateFailure(cause, method === 'POST' ? 'waiting' : 'connecting', signal);
      });
    times.firstByteAt = performance.now();
    const body = await wholeBody(answer.body);
    const contentType = String(answer.headers['content-type'] ?? '');
    if (answer.statusCode === 404 && missing !== undefined) {
      throw new GatewayError(missing, 'There is no such style, or it is not accessible.', { param: 'style_id' });
    }
    if (answer.statusCode >= 300) {
      const retryAfter = first(answer.headers['retry-after']);
      throw translateRefusal({ status: answer.statusCode, contentType, retryAfter, body });
    }
    return { document: parseObject(body), requestId: first(answer.headers['x-recraft-requestid']) };
  }

  async close(): Promise<void> {
    await Promise.all([...this.accounts.values()].map(({ pool }) => pool.close()));
    this.accounts.clear();
  }

  private account({ apiBase, apiKey }: Deployment): Account {
    const id = `${apiBase} ${apiKey}`;
    const known = this.accounts.get(id);
    if (known) return known;
    const { origin, pathname } = new URL(apiBase);
    const account: Account = {
      pool: new Pool(origin, {
        connections: this.options.connections,
        pipelining: 1,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connect: { timeout: this.options.connectTimeoutMs },
      }),
      basePath: pathname.replace(/\/+$/, ''),
      authorization: `Bearer ${apiKey}`,
    };
    this.accounts.set(id, account);
    return account;
  }
}

/** @throws GatewayError where it is no small document */
async function wholeBody(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_DOCUMENT_BYTES) throw invalidAnswer('it is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** A caller who left is no failure of Recraft's, and a silence is told apart from a connection that never was. */
function translateFailure(cause: unknown, phase: 'connecting' | 'waiting', signal: EndSignal): unknown {
  if (signal.aborted) return signal.reason;
  const { code } = cause as NodeJS.ErrnoException;
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    return new GatewayError('upstreamTimeout', 'Recraft did not answer in time. The request may have been charged.', {
      cause,
    });
  }
  const neverSent = code === 'ECONNREFUSED' || code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ENOTFOUND';
  return translateBreak(cause, neverSent ? 'connecting' : phase);
}

function parseObject(body: Buffer): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw invalidAnswer('it is not JSON', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalidAnswer('it is no JSON object');
  return value as Record<string, unknown>;
}
