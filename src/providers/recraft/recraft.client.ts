import { Pool } from 'undici';
import type { AnswerSink, Fulfilment, UpstreamTimes } from '../../images/image-provider.js';
import type { Deployment } from '../../registry/deployment.js';
import { UpstreamCall } from './upstream-call.js';
import { invalidAnswer, translateBreak, translateRefusal } from './upstream-errors.js';
import type { WireRequest } from './wire.js';

export interface ClientOptions {
  readonly connectTimeoutMs: number;
  readonly firstByteTimeoutMs: number;
  /** Calls in flight to one account. HTTP/1.1 carries one POST a connection, so this is a hard cap. */
  readonly connections: number;
}

/** Longer than the pause between two pictures of a busy team, shorter than the idle limits of common proxies. */
const KEEP_ALIVE_MS = 30_000;

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
   * @throws GatewayError, or the signal's reason where the caller left
   */
  post(
    deployment: Deployment,
    { path, contentType, contentLength, body }: WireRequest,
    sink: AnswerSink,
    signal: AbortSignal,
    times: UpstreamTimes,
  ): Promise<Fulfilment> {
    const account = this.account(deployment);
    const call = new UpstreamCall(sink, signal, times, {
      firstByteMs: this.options.firstByteTimeoutMs,
      totalMs: deployment.timeoutMs,
    });
    account.pool.dispatch(
      {
        method: 'POST',
        path: account.basePath + path,
        headers: {
          authorization: account.authorization,
          'content-type': contentType,
          'content-length': String(contentLength),
          accept: 'application/json',
          'user-agent': 'image-gateway',
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

  /** Asks for a small JSON document. @throws GatewayError */
  async get(deployment: Deployment, path: string, signal: AbortSignal): Promise<unknown> {
    const account = this.account(deployment);
    const answer = await account.pool
      .request({
        method: 'GET',
        path: account.basePath + path,
        headers: { authorization: account.authorization, accept: 'application/json', 'user-agent': 'image-gateway' },
        signal,
      })
      .catch((cause: unknown) => {
        throw translateBreak(cause, 'connecting');
      });
    const body = Buffer.from(await answer.body.arrayBuffer());
    if (answer.statusCode >= 300) {
      const contentType = answer.headers['content-type'];
      throw translateRefusal({ status: answer.statusCode, contentType: String(contentType ?? ''), body });
    }
    try {
      return JSON.parse(body.toString('utf8')) as unknown;
    } catch (cause) {
      throw invalidAnswer('it is not JSON', { cause });
    }
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
