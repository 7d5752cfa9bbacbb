import type { Deployment } from '../registry/deployment.js';
import type { UpstreamTimes } from '../telemetry/call-record.js';
import type { EndSignal } from '../telemetry/leaving.js';
import type { ImageRequest, SourceImage } from './image-request.js';

/** What is known about an answer when its first byte goes out. */
export interface AnswerHead {
  readonly contentType: string;
  /** Undefined where the length is not known yet. */
  readonly contentLength: number | undefined;
  /** What the provider says it charged, in micro-dollars, where the answer named it early enough. */
  readonly chargedMicroDollars: number | undefined;
}

/**
 * Where an answer flows. `begin` comes first and once, when it is certain that pictures follow; then `write` until it
 * says false (wait for `onDrain`), then `end`. An answer that breaks off after `begin` ends with `fail`.
 */
export interface AnswerSink {
  begin(head: AnswerHead): void;
  /** Takes bytes; false asks the source to wait for `onDrain`. */
  write(chunk: Uint8Array): boolean;
  onDrain(resume: () => void): void;
  /** The answer is whole; `last` are the bytes that make it so: a reader without them knows that it is not. */
  end(last: Uint8Array): void;
  /** The answer broke off: whoever reads must notice. */
  fail(cause: Error): void;
}

/** How a call ended that brought pictures. */
export interface Fulfilment {
  /** Pictures in the answer. */
  readonly images: number;
  /** What the provider says it charged, in micro-dollars; undefined where it did not say. */
  readonly chargedMicroDollars: number | undefined;
  /** The provider's own id of the call, for its support. */
  readonly upstreamRequestId: string | undefined;
}

export type { EndSignal, UpstreamTimes };
export { abortSignalOf } from '../telemetry/leaving.js';

/** What one attempt to send a request goes by. */
export interface Attempt {
  /** Aborted when the caller has left. */
  readonly signal: EndSignal;
  readonly times: UpstreamTimes;
  /** From now to the end of the answer, in milliseconds. */
  readonly timeoutMs: number;
  /** Tells the provider which trace the call belongs to; undefined where it is not told. */
  readonly traceparent?: string | undefined;
}

/** A request made to fit a model. */
export interface FittedRequest {
  readonly request: ImageRequest;
  /** Fields the model cannot use and that were left out, by wire name. */
  readonly ignored: readonly string[];
  /** The kind of file that comes back, as far as the catalogue knows. */
  readonly format: 'png' | 'webp' | 'svg';
  /** Whether it also leaves a style in the account, as style references do. */
  readonly makesStyle: boolean;
}

/** What can be asked for that is no picture: a small document. */
export type DocumentOperation =
  | 'enhancePrompt'
  | 'optimizeColors'
  | 'createStyle'
  | 'listStyles'
  | 'readStyle'
  | 'deleteStyle'
  | 'listBasicStyles'
  | 'readAccount'
  | 'readStatus';

/** A request for a document. */
export interface DocumentRequest {
  readonly operation: DocumentOperation;
  /** The name of a model that the caller used; undefined: none. */
  readonly model?: string | undefined;
  /** The provider's own default for the operation, by the name that leads to it here; undefined: it needs no model. */
  readonly usualModel?: string;
  /** Fields, but for the model, by their wire names. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Pictures that a style is made from. */
  readonly pictures: readonly SourceImage[];
  /** The id of the style that is meant. */
  readonly styleId?: string;
}

/** A document as the provider answered it. */
export interface DocumentAnswer {
  readonly document: Readonly<Record<string, unknown>>;
  /** What the provider says it charged, in micro-dollars; undefined where it did not say. */
  readonly chargedMicroDollars: number | undefined;
  readonly upstreamRequestId: string | undefined;
}

/** The port to whoever makes pictures. What a provider cannot do, its catalogue says; there are no optional methods. */
export interface ImageProvider {
  /**
   * Checks a request against the deployment's model and puts sizes into the model's own form, so that a request that
   * is sure to fail costs nothing.
   *
   * @throws GatewayError naming `param`
   */
  fit(request: ImageRequest, deployment: Deployment): FittedRequest;

  /** Price before sending, in micro-dollars; undefined where nobody knows it. */
  price(request: ImageRequest, deployment: Deployment): number | undefined;

  /**
   * Sends the request and lets the answer flow into the sink.
   * Rejects with a GatewayError before `sink.begin`, or after it once `sink.fail` was called.
   */
  fulfil(request: ImageRequest, deployment: Deployment, sink: AnswerSink, attempt: Attempt): Promise<Fulfilment>;

  /**
   * Checks a request for a document against the deployment's model where it has one, and knows its price: in micro-dollars, undefined where nobody does.
   *
   * @throws GatewayError naming `param`
   */
  priceDocument(request: DocumentRequest, deployment: Deployment): number | undefined;

  /** Asks for a document. Rejects with a GatewayError. */
  ask(request: DocumentRequest, deployment: Deployment, attempt: Attempt): Promise<DocumentAnswer>;

  /** Asks for the account behind a deployment, which is free. Rejects with a GatewayError where it does not answer. */
  probe(deployment: Deployment, signal: EndSignal): Promise<{ credits: number }>;
}

export const ImageProvider = Symbol('ImageProvider');
