import { randomUUID } from 'node:crypto';
import type { Request, Response } from 'express';
import { type Logger, pino } from 'pino';
import { CallRecord } from './call-record.js';
import type { Tracing } from './call-trace.js';
import type { Metrics } from './metrics.js';
import { readTraceParent } from './trace-parent.js';
import { writeLine } from './write-line.js';

/** Ids of callers' own are echoed, so they may hold nothing that could break a header or a log. */
const CALL_ID = /^[\w.:-]{1,128}$/;

/**
 * Stands before everything else: gives each request its record, its ids and its trace, and writes one line when it is over.
 */
export function requestLog(logger: Logger, metrics: Metrics, tracing?: Tracing) {
  return (request: Request, response: Response): void => {
    const call = recordFor(request);
    placeInTrace(call, request, tracing);
    request.call = call;
    metrics.inFlight++;
    // It closes once: taking listeners away again would cost as much as all they do.
    response.on('close', () => {
      metrics.inFlight--;
      if (!response.writableFinished) call.callerLeft();
      note(logger, metrics, request, response);
    });
  };
}

function recordFor({ headers }: Request): CallRecord {
  const id = `req_${randomUUID()}`;
  const theirs = headers['x-litellm-call-id'];
  const call = new CallRecord(id, typeof theirs === 'string' && CALL_ID.test(theirs) ? theirs : id);
  const timeout = headers['x-litellm-timeout'];
  const retries = headers['x-litellm-num-retries'];
  if (timeout !== undefined || retries !== undefined) call.asked = { timeout, retries };
  return call;
}

/** Where calls are not traced here, the log still names the trace that the caller says this call is part of. */
function placeInTrace(call: CallRecord, { headers, method, url }: Request, tracing: Tracing | undefined): void {
  const parent = headers['traceparent'] === undefined ? undefined : readTraceParent(headers['traceparent']);
  call.traceId = parent?.traceId;
  if (!tracing || QUIET_ROUTES.test(url)) return;
  call.trace = tracing.begin(call, method, parent);
  call.traceId = call.trace.traceId;
}

/** Probes come every few seconds from every node: they are counted, not traced, and logged only where somebody looks closely. */
const QUIET_ROUTES = /^\/(health|metrics)/;

/** nginx's status for a caller that left before it was answered: nobody is sent it. */
const CALLER_LEFT = 499;

/** What metrics and the log say of a path that no route answers to. */
export const NO_ROUTE = 'none';

function note(logger: Logger, metrics: Metrics, request: Request, response: Response): void {
  const { call, method } = request;
  const matched = (request.route as { path?: string } | undefined)?.path;
  const route = matched ?? NO_ROUTE;
  const milliseconds = performance.now() - call.startedAt;
  const status = response.headersSent ? response.statusCode : CALLER_LEFT;
  metrics.observe({ method, route, status, seconds: milliseconds / 1000 }, call);
  call.trace?.end(matched, status);
  const level = QUIET_ROUTES.test(route) ? 'debug' : 'info';
  if (!logger.isLevelEnabled(level)) return;
  const line = {
    level: pino.levels.values[level],
    time: Date.now(),
    id: call.id,
    traceId: call.traceId,
    callId: call.callId === call.id ? undefined : call.callId,
    key: call.caller?.alias,
    method,
    route,
    status,
    outcome: response.writableFinished ? 'answered' : 'cut off',
    fault: call.fault,
    joined: call.joined,
    operation: call.operation,
    model: call.model,
    deployment: call.deploymentId,
    images: call.operation === undefined ? undefined : call.images,
    costDollars: call.spentMicroDollars === undefined ? undefined : call.spentMicroDollars / 1_000_000,
    upstreamId: call.upstreamRequestId,
    upstreamMs: rounded(call.upstreamMs),
    queuedMs: call.queuedMs === 0 ? undefined : rounded(call.queuedMs),
    retries: call.retries === 0 ? undefined : call.retries,
    fallbacks: call.fallbacks === 0 ? undefined : call.fallbacks,
    ms: rounded(milliseconds),
    msg: 'request',
  };
  writeLine(logger, line);
}

function rounded(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 10) / 10;
}
