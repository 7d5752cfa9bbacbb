import { type ArgumentsHost, Catch, type ExceptionFilter, NotFoundException } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { baseHeaders } from '../telemetry/base-headers.js';
import { COST_HEADER, pushBudget, pushDollars } from '../telemetry/cost-header.js';
import { discardRest } from './discard-rest.js';
import { type Fault, GatewayError } from './gateway-error.js';
import { toGatewayError } from './to-gateway-error.js';

/** Faults that an operator is to see though their status is no 5xx. */
const OPERATORS: ReadonlySet<Fault> = new Set(['quotaExhausted', 'failedAfterCharge']);

/** Finds the methods that a path answers to. */
export type AllowedMethods = (path: string) => readonly string[];

/** Writes every error body, on every route, for the clients of both dialects (DESIGN.md §5). */
@Catch()
export class GatewayErrorFilter implements ExceptionFilter {
  constructor(
    private readonly logger: Logger,
    private readonly allowedMethods: AllowedMethods,
  ) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.answer(thrown, http.getRequest<Request>(), http.getResponse<Response>());
  }

  private answer(thrown: unknown, request: Request, response: Response): void {
    // Work that ended because its caller left is no error, and there is nobody to tell.
    if (request.call.signal.aborted) return;
    const error = thrown instanceof NotFoundException ? this.notFound(request, response) : toGatewayError(thrown);
    request.call.fault = error.fault;
    this.note(error, request, response);
    if (response.destroyed || response.writableEnded) return;
    // What was refused unread, for its key or its path, must not keep coming for ever.
    if (!request.complete && request.readableFlowing === null) discardRest(request, response);
    if (response.headersSent) {
      this.answerLate(error, response);
      return;
    }
    const isPaid = (request.call.chargedMicroDollars ?? 0) > 0;
    for (const [name, value] of Object.entries(error.retryHeaders({ isPaid }))) response.setHeader(name, value);
    if (error.status === 401) response.setHeader('www-authenticate', 'Bearer realm="image-gateway"');
    const body = Buffer.from(JSON.stringify(error.toBody()));
    const headers = ['content-type', 'application/json; charset=utf-8', 'content-length', String(body.length)];
    // A call can fail after some of its work was charged: that money is spent.
    pushDollars(headers, COST_HEADER, request.call.chargedMicroDollars);
    if (error.fault === 'budgetExceeded') pushBudget(headers, request.call);
    response.writeHead(error.status, [...baseHeaders(request.call), ...headers]);
    response.end(body);
  }

  /** An event stream is told in an event; any other answer that has begun can only be cut off. */
  private answerLate(error: GatewayError, response: Response): void {
    const isEventStream = String(response.getHeader('content-type')).startsWith('text/event-stream');
    if (isEventStream) response.end(`event: error\ndata: ${JSON.stringify(error.toBody())}\n\n`);
    else response.destroy();
  }

  private notFound(request: Request, response: Response): GatewayError {
    const path = pathOf(request);
    const methods = this.allowedMethods(path);
    if (methods.length === 0)
      return new GatewayError('unknownRoute', `Invalid URL (${request.method} ${path.slice(0, 200)}).`);
    response.setHeader('allow', methods.join(', '));
    return new GatewayError('wrongMethod', `${path} answers to ${methods.join(', ')}, not to ${request.method}.`);
  }

  /** Faults of ours and of the provider's are logged with their cause; a caller's mistake is in the request's own line. */
  private note(error: GatewayError, request: Request, response: Response): void {
    if (error.status < 500 && !OPERATORS.has(error.fault)) return;
    const { id, traceId } = request.call;
    const fields = { id, traceId, fault: error.fault, err: error.cause ?? error, begun: response.headersSent };
    this.logger.error(fields, error.message);
  }
}

function pathOf({ originalUrl }: Request): string {
  return originalUrl.split('?', 1)[0] ?? '/';
}
