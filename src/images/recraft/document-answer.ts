import type { CallRecord } from '../../telemetry/call-record.js';
import { answerHeaders } from '../answer-headers.js';
import type { Outlet } from '../outlet.js';

/** Answers with a document, under the headers that pictures have. */
export function answerDocument(response: Outlet, call: CallRecord, document: object): void {
  const body = Buffer.from(JSON.stringify(document));
  const headers = answerHeaders(call, { chargedMicroDollars: call.chargedMicroDollars });
  headers.push('content-type', 'application/json; charset=utf-8', 'content-length', String(body.length));
  response.writeHead(200, headers);
  response.end(body);
}
