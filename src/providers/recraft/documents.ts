import type { DocumentOperation, DocumentRequest } from '../../images/image-provider.js';
import type { Deployment } from '../../registry/deployment.js';
import { checkNewStyle } from './fit-new-style.js';
import { MICRO_DOLLARS_PER_UNIT } from './charge.js';
import { encode, type WireRequest } from './wire.js';

interface DocumentRow {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `{id}` stands for a style's id. */
  readonly path: string;
  /** What a 404 means here; elsewhere it is a mistake of the gateway's. */
  readonly missing?: 'unknownStyle' | undefined;
  /** Price in API units (recraft-api.md §7); undefined: none is published. */
  readonly units: number | undefined;
}

/** Every route that answers with a document (recraft-api.md §2, rows 18 to 28). */
export const DOCUMENTS: Readonly<Record<DocumentOperation, DocumentRow>> = {
  enhancePrompt: { method: 'POST', path: '/v1/prompts/enhance', units: 10 },
  optimizeColors: { method: 'POST', path: '/v1/colors/optimize', units: undefined },
  createStyle: { method: 'POST', path: '/v1/styles', units: 5 },
  listStyles: { method: 'GET', path: '/v1/styles', units: 0 },
  readStyle: { method: 'GET', path: '/v1/styles/{id}', missing: 'unknownStyle', units: 0 },
  deleteStyle: { method: 'DELETE', path: '/v1/styles/{id}', missing: 'unknownStyle', units: 0 },
  listBasicStyles: { method: 'GET', path: '/v1/styles/basic', units: 0 },
  readAccount: { method: 'GET', path: '/v1/users/me', units: 0 },
  readStatus: { method: 'GET', path: '/status', units: 0 },
};

/**
 * A document's price in micro-dollars; undefined where nobody knows it.
 *
 * @throws GatewayError naming the field at fault
 */
export function priceOfDocument(request: DocumentRequest, deployment: Deployment): number | undefined {
  if (request.operation === 'createStyle') checkNewStyle(request, deployment.model);
  const { units } = DOCUMENTS[request.operation];
  return units === undefined ? undefined : units * MICRO_DOLLARS_PER_UNIT;
}

/** A call for a document as Recraft takes it. */
export interface DocumentCall {
  readonly method: DocumentRow['method'];
  readonly path: string;
  readonly missing?: DocumentRow['missing'];
  /** Missing where something is only read or deleted. */
  readonly wire?: WireRequest;
}

/** A request for a document in Recraft's names and shapes. */
export function documentCall(request: DocumentRequest, { model }: Deployment): DocumentCall {
  const { operation, pictures, styleId = '' } = request;
  // A style is bound to a model; what else is asked for has none.
  const fields = operation === 'createStyle' ? { ...request.fields, model } : { ...request.fields };
  const { method, missing, path: template } = DOCUMENTS[operation];
  const path = template.replace('{id}', encodeURIComponent(styleId));
  if (method !== 'POST') return { method, path, missing };
  const parts = pictures.map((image) => ({ field: 'files', urlField: 'image_urls', image, listed: true as const }));
  return { method, path, wire: encode(path, fields, parts) };
}
