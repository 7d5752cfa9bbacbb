import { randomUUID } from 'node:crypto';
import { createServer, IncomingMessage, type Server, ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express, NextFunction, Request, RequestHandler, Response } from 'express';
import { type Fault, GatewayError } from './errors/gateway-error.js';

/**
 * Express changes the prototype of every request and response it is handed, which costs more than the rest of its work.
 * Here the server makes them with Express' prototypes in the first place, and the change finds nothing to do.
 * A POST to a path without parameters is looked up in a map where its answer needs nothing that middleware does; everything
 * else is routed by Express.
 */
export class FastExpressAdapter extends ExpressAdapter {
  private readonly connections = new Set<Socket>();
  private readonly exactPosts = new Map<string, RequestHandler>();
  private welcome: (request: Request, response: Response) => boolean = () => false;

  /** @param isDirect whether POSTs to a path go to their handler past all middleware */
  constructor(
    private readonly patience: ArrivalLimits,
    private readonly isDirect: (path: string) => boolean,
  ) {
    super();
  }

  /** Has every request seen before it is routed; true says that it is answered already. */
  seeFirst(welcome: (request: Request, response: Response) => boolean): void {
    this.welcome = welcome;
  }

  override post(...route: unknown[]): unknown {
    const [path, handler] = route as [path: unknown, handler: RequestHandler];
    if (typeof path === 'string' && EXACT_PATH.test(path) && this.isDirect(path)) this.exactPosts.set(path, handler);
    return super.post(...(route as Parameters<ExpressAdapter['post']>));
  }

  override initHttpServer(): void {
    const express = this.getInstance<Express>();
    this.httpServer = createServer({ ...messagesOf(express), ...deadlines(this.patience) }, (incoming, outgoing) => {
      const [request, response] = [incoming, outgoing] as unknown as [Request, Response];
      if (this.welcome(request, response)) return;
      const handler = request.method === 'POST' ? this.exactPosts.get(request.url) : undefined;
      if (handler) serveExact(express, handler, request, response);
      else express(request, response);
    });
    this.httpServer.on('clientError', refuse);
    this.httpServer.on('connection', (socket: Socket) => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
  }

  /** Stops listening; ends when the answers under way have. */
  override close(): Promise<unknown> | undefined {
    const closed = super.close();
    this.closeUnused();
    const sweep = setInterval(() => {
      this.closeUnused();
    }, SWEEP_MS);
    return closed?.finally(() => {
      clearInterval(sweep);
    });
  }

  /**
   * Node closes the connections that are idle when a server ends, but not those that become idle later, and it waits a
   * minute for the first request of a new one: browsers, proxies and `fetch` open some in advance.
   */
  private closeUnused(): void {
    (this.httpServer as Server).closeIdleConnections();
    for (const socket of this.connections) if (socket.bytesRead === 0) socket.destroy();
  }
}

/** How long a request may take to arrive. What is slower keeps a connection, and a share of every limit, for nothing. */
export interface ArrivalLimits {
  /** From its first byte (of a new connection: from its start) to the end of its headers. */
  readonly headersTimeoutMs: number;
  /** From its first byte to the end of its body. */
  readonly receiveTimeoutMs: number;
}

/** Node looks at all connections in turn: often enough that a deadline is kept to a tenth, and never more than 10 times a second. */
function deadlines({ headersTimeoutMs, receiveTimeoutMs }: ArrivalLimits) {
  const headersTimeout = Math.min(headersTimeoutMs, receiveTimeoutMs);
  const connectionsCheckingInterval = Math.max(100, Math.min(3_000, headersTimeout / 10));
  return { headersTimeout, requestTimeout: receiveTimeoutMs, connectionsCheckingInterval };
}

/** How often a server that ends looks for connections that nobody uses any more. */
const SWEEP_MS = 100;

const EXACT_PATH = /^[\w/.-]+$/;

/** What Express' router would have set for a route that matched. */
function serveExact(express: Express, handler: RequestHandler, request: Request, response: Response): void {
  request.res = response;
  request.originalUrl = request.url;
  request.baseUrl = '';
  request.params = {};
  request.route = { path: request.url };
  response.locals = {};
  const next: NextFunction = () => void express(request, response);
  void handler(request, response, next);
}

/**
 * Node's two message classes with Express' methods. Real subclasses: V8 then lays a message out once, with room for
 * Node's forty fields inside the object. A function applied to an object of a foreign prototype makes it grow three
 * fields at a time, which took a fifth more CPU for a small request (docs/decisions/fast-express-prototypes.md).
 */
function messagesOf(express: Express) {
  class ExpressRequest extends IncomingMessage {}
  class ExpressResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {}
  Object.setPrototypeOf(ExpressRequest.prototype, express.request);
  Object.setPrototypeOf(ExpressResponse.prototype, express.response);
  // Express compares the prototype of what it is handed with these.
  Object.assign(express, { request: ExpressRequest.prototype, response: ExpressResponse.prototype });
  return { IncomingMessage: ExpressRequest, ServerResponse: ExpressResponse };
}

/** What Node's own refusals are to callers. */
const REFUSALS: Readonly<Record<string, readonly [fault: Fault, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['headersTooLong', 'The headers are too long.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['requestTimeout', 'The request took too long to arrive.'],
};

const NO_HTTP = ['noHttp', 'This is not an HTTP request.'] as const;

/** How long a client that is refused may take to read why. */
const PATIENCE_MS = 1_000;

/** What never becomes a request, such as headers that are too long, is answered with the body of every other error all the same. */
function refuse(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const refusal = new GatewayError(...(REFUSALS[error.code ?? ''] ?? NO_HTTP));
  const body = JSON.stringify(refusal.toBody());
  const head = [
    `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? ''}`,
    `x-request-id: req_${randomUUID()}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
  // Read on until it has seen the answer: a connection closed over unread bytes would take the answer with it.
  socket.resume();
  const patience = setTimeout(() => socket.destroy(), PATIENCE_MS).unref();
  socket.once('close', () => {
    clearTimeout(patience);
  });
}

/** Whether an answer is under way that a refusal would be written into the middle of. */
function isAnswering(socket: Duplex): boolean {
  const { _httpMessage: answer } = socket as { _httpMessage?: ServerResponse | null };
  return answer?.headersSent === true;
}
