import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { GatewayError } from '../../errors/gateway-error.js';
import type { CallRecord } from '../call-record.js';
import type { CallTrace, Step, UpstreamAttempt, UpstreamOutcome, UpstreamSpan } from '../call-trace.js';
import { type TraceParent, writeTraceParent } from '../trace-parent.js';

/** The conventions' word for making pictures (openai-images.md §4.6). */
const GENERATE = 'generate_content';

/**
 * The spans of one call: what the server did, its steps, and each attempt at Recraft. Attributes are the HTTP and GenAI
 * conventions' (openai-images.md §4.6) and hold nothing that a caller wrote.
 */
export class RecordedTrace implements CallTrace {
  readonly traceId: string;
  private readonly span: Span;
  private readonly context: Context;

  constructor(
    private readonly tracer: Tracer,
    private readonly tellsProvider: boolean,
    private readonly call: CallRecord,
    private readonly method: string,
    parent: TraceParent | undefined,
  ) {
    const attributes = { 'http.request.method': method, 'image_gateway.request.id': call.id };
    this.span = tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, contextOf(parent));
    this.context = trace.setSpan(ROOT_CONTEXT, this.span);
    this.traceId = this.span.spanContext().traceId;
  }

  step<T>(name: Step, work: () => T): T {
    const span = this.tracer.startSpan(name, {}, this.context);
    try {
      const result = work();
      if (!(result instanceof Promise)) {
        span.end();
        return result;
      }
      const settled = (error?: unknown): void => {
        endFailed(span, error);
      };
      result.then(() => settled(), settled);
      return result;
    } catch (error) {
      endFailed(span, error);
      throw error;
    }
  }

  beginUpstream(attempt: UpstreamAttempt): UpstreamSpan {
    const options = { kind: SpanKind.CLIENT, attributes: upstreamAttributes(attempt) };
    const name = attempt.model === undefined ? GENERATE : `${GENERATE} ${attempt.model}`;
    const span = this.tracer.startSpan(name, options, this.context);
    const { traceId, spanId, traceFlags: flags } = span.spanContext();
    return {
      traceparent: this.tellsProvider ? writeTraceParent({ traceId, spanId, flags }) : undefined,
      end: ({ failure, upstreamRequestId }: UpstreamOutcome) => {
        if (upstreamRequestId !== undefined) span.setAttribute('recraft.request.id', upstreamRequestId);
        if (failure !== undefined) fail(span, failure);
        span.end();
      },
    };
  }

  end(route: string | undefined, status: number): void {
    const { span, call } = this;
    // What no route answers to has a method alone (HTTP conventions, name and http.route).
    if (route !== undefined) span.updateName(`${this.method} ${route}`);
    span.setAttributes({
      ...(route !== undefined && { 'http.route': route }),
      'http.response.status_code': status,
      ...(call.caller && { 'image_gateway.key.alias': call.caller.alias }),
      ...(call.retries > 0 && { 'image_gateway.retries': call.retries }),
      ...(call.fallbacks > 0 && { 'image_gateway.fallbacks': call.fallbacks }),
      ...(call.spentMicroDollars !== undefined && { 'image_gateway.cost.dollars': call.spentMicroDollars / 1_000_000 }),
    });
    // A caller's own mistake is no error of the server's (HTTP conventions, span status).
    if (call.fault !== undefined) span.setAttribute('error.type', call.fault);
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  }
}

function contextOf(parent: TraceParent | undefined): Context {
  if (!parent) return ROOT_CONTEXT;
  const { traceId, spanId, flags: traceFlags } = parent;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}

function upstreamAttributes(attempt: UpstreamAttempt): Attributes {
  const { operation, model, apiBase, images, seed, isStreamed, resend } = attempt;
  const address = URL.parse(apiBase);
  return {
    'gen_ai.operation.name': GENERATE,
    'gen_ai.provider.name': 'recraft',
    ...(model !== undefined && { 'gen_ai.request.model': model }),
    'gen_ai.output.type': 'image',
    ...(images > 1 && { 'gen_ai.request.choice.count': images }),
    ...(seed !== undefined && { 'gen_ai.request.seed': seed }),
    ...(isStreamed && { 'gen_ai.request.stream': true }),
    'recraft.operation': operation,
    ...(address && { 'server.address': address.hostname, 'server.port': portOf(address) }),
    ...(resend > 0 && { 'http.request.resend_count': resend }),
  };
}

const portOf = ({ port, protocol }: URL): number => (port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port));

function endFailed(span: Span, error: unknown): void {
  if (error !== undefined) fail(span, error instanceof GatewayError ? error.fault : 'internal');
  span.end();
}

/** By its name alone: what an error says may quote a request. */
function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
