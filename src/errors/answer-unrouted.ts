import type { Request, Response } from 'express';
import { baseHeaders } from '../telemetry/base-headers.js';
import type { GatewayError } from './gateway-error.js';

/** Answers a request that no route has seen yet. @param more names and values in turn */
export function answerUnrouted(
  error: GatewayError,
  call: Request['call'],
  response: Response,
  ...more: string[]
): void {
  call.fault = error.fault;
  const body = Buffer.from(JSON.stringify(error.toBody()));
  const headers = ['content-type', 'application/json; charset=utf-8', 'content-length', String(body.length)];
  response.writeHead(error.status, [...baseHeaders(call), ...headers, ...more]);
  response.end(body);
}
