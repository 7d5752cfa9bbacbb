import { randomUUID } from 'node:crypto';
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Express } from 'express';

/**
 * Express changes the prototype of every request and response it is handed, which costs more than the rest of its work.
 * Here the server makes them with Express' prototypes in the first place, and the change finds nothing to do.
 */
export class FastExpressAdapter extends ExpressAdapter {
  override initHttpServer(): void {
    const express = this.getInstance<Express>();
    this.httpServer = createServer(
      {
        IncomingMessage: withPrototype(IncomingMessage, express.request),
        ServerResponse: withPrototype(ServerResponse, express.response),
      },
      express,
    );
    this.httpServer.on('clientError', refuse);
  }
}

/** Node's two message classes are functions of the old kind: they can be applied to an object of any prototype. */
function withPrototype<T extends typeof IncomingMessage | typeof ServerResponse>(original: T, prototype: object): T {
  function Message(this: object, ...parameters: unknown[]): void {
    Reflect.apply(original as unknown as (...parameters: unknown[]) => void, this, parameters);
  }
  Message.prototype = prototype;
  return Message as unknown as T;
}

const REFUSALS: Readonly<Record<string, readonly [status: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The headers are too long.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request took too long to arrive.'],
};

/** How long a client that is refused may take to read why. */
const PATIENCE_MS = 1_000;

/** What never becomes a request, such as headers that are too long, is answered in OpenAI's envelope all the same. */
function refuse(error: Error & { code?: string }, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  const [status, message] = REFUSALS[error.code ?? ''] ?? ['400 Bad Request', 'This is not an HTTP request.'];
  const body = JSON.stringify({
    error: { message, type: 'invalid_request_error', param: null, code: 'bad_http_request' },
  });
  const head = [
    `HTTP/1.1 ${status}`,
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
