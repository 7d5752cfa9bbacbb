import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { jsonAnswer, Refusal, textAnswer, type Answer } from './answer.js';
import { NO_FIELDS, parseFields, readBody, summaryOf, type Fields } from './body.js';
import { pause, type Call } from './call.js';
import { answerOf, type Fault } from './fault.js';
import type { OpenRecord } from './journal.js';
import { routesOf } from './routes.js';
import type { SandboxState } from './state.js';

/** Serves one request to the API: writes it down, meets its fault or does its work, charges and answers it. */
export async function serveApi(
  state: SandboxState,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  pictureBase: string,
): Promise<void> {
  const record = recordOf(request, path, state.now());
  response.setHeader('x-recraft-requestid', record.id);
  state.journal.open(record);
  const gone = new AbortController();
  const closed = watch(record, response, gone);
  try {
    await exchange({ state, request, response, record, pictureBase, gone: gone.signal });
  } finally {
    // Over is an exchange when its work has been charged and its client has gone; either can be the last.
    void closed.then(() => {
      state.journal.closed(record);
    });
  }
}

/** One request under way. */
interface Exchange extends Omit<Call, 'token' | 'fields' | 'parameter'> {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly record: OpenRecord;
}

async function exchange({ state, request, response, record, pictureBase, gone }: Exchange): Promise<void> {
  const fields = await receive(request);
  if (fields === 'left') return;
  if (!(fields instanceof Refusal)) record.fields = summaryOf(fields);
  state.journal.received(record);

  const { method, path } = record;
  const fault = state.faults.take(path);
  if (fault?.held === true) await state.holds.wait(gone);
  await pause(fault?.delayMs ?? 0, gone);
  const attempt = { token: tokenOf(request) ?? '', fields, pictureBase, gone, state };
  const ordered = fault && answerOf(fault);
  const usual = ordered && fault.charged !== true ? ordered : await work(attempt, method, path);
  if (usual.status < 300) {
    state.ledger.charge(record.id, usual.credits);
    record.credits = usual.credits;
  }
  if (!gone.aborted) send(response, ordered ?? usual, fault, record, state.now());
}

function recordOf(request: IncomingMessage, path: string, now: number): OpenRecord {
  return {
    id: randomUUID(),
    method: request.method ?? '',
    path,
    apiKeyLast4: tokenOf(request)?.slice(-4) ?? null,
    contentType: request.headers['content-type'] ?? null,
    fields: {},
    status: null,
    credits: 0,
    receivedAt: new Date(now).toISOString(),
    answeredAt: null,
    aborted: false,
  };
}

/** Waits for the connection's part in an exchange to end, and aborts `gone`: nobody waits for an answer any more. */
function watch(record: OpenRecord, response: ServerResponse, gone: AbortController): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', () => {
      // An answer that was cut off on purpose was ended by the sandbox, and not given up by its client.
      record.aborted = !response.writableFinished && !dropped.has(response);
      gone.abort();
      resolve();
    });
  });
}

const dropped = new WeakSet<ServerResponse>();

/** The request's fields, or why it has none: a refusal that is told in its turn, or a client that left while it sent. */
async function receive(request: IncomingMessage): Promise<Fields | Refusal | 'left'> {
  let body: Buffer | undefined;
  try {
    body = await readBody(request);
  } catch {
    return 'left';
  }
  if (body === undefined) return new Refusal('request body is too large', 'invalid_request_parameter', 413);
  if (request.method !== 'POST') return NO_FIELDS;
  try {
    return await parseFields(body, request.headers['content-type']);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function tokenOf(request: IncomingMessage): string | undefined {
  return /^Bearer +(\S+)\s*$/i.exec(request.headers.authorization ?? '')?.[1];
}

type Attempt = Omit<Call, 'fields' | 'parameter'> & { readonly fields: Fields | Refusal };

/** Token, route, method, rate, body, and then the route's own checks: recraft-api.md §10. */
async function work(attempt: Attempt, method: string, path: string): Promise<Answer> {
  const { routes, parameter } = routesOf(path);
  const isOpen = routes.some((route) => route.open === true);
  if (!isOpen && !isAuthorised(attempt)) return textAnswer(401, 'request unauthorized');
  if (routes.length === 0) return textAnswer(404, '404 page not found');
  const route = routes.find((candidate) => candidate.method === method);
  if (route === undefined) {
    return textAnswer(405, '405 method not allowed', { allow: routes.map((candidate) => candidate.method).join(', ') });
  }
  try {
    if (!isOpen) requireRate(attempt);
    const { fields } = attempt;
    if (fields instanceof Refusal) throw fields;
    return await route.answer({ ...attempt, fields, parameter });
  } catch (error) {
    if (error instanceof Refusal) return error.toAnswer();
    throw error;
  }
}

function isAuthorised({ token, state }: Attempt): boolean {
  return token !== '' && (state.settings.apiKeys?.includes(token) ?? true);
}

/** @throws Refusal as recorded, without Retry-After (recraft-api.md §8) */
function requireRate({ token, state }: Attempt): void {
  if (state.requestRate.admit(token, 1, state.settings.requestsPerSecond)) return;
  throw new Refusal('Rate limit exceeded', 'rate_limit_exceeded', 429);
}

function send(
  response: ServerResponse,
  answer: Answer,
  fault: Fault | undefined,
  record: OpenRecord,
  now: number,
): void {
  if (fault?.dropBeforeHeaders === true) {
    dropped.add(response);
    response.destroy();
    return;
  }
  record.status = answer.status;
  record.answeredAt = new Date(now).toISOString();
  response.writeHead(answer.status, { 'content-length': answer.body.length, ...answer.headers, ...fault?.headers });
  const cut = fault?.dropAfterBytes ?? Infinity;
  if (cut >= answer.body.length) {
    response.end(answer.body);
    return;
  }
  dropped.add(response);
  response.flushHeaders();
  response.write(answer.body.subarray(0, cut));
  // What was written still reaches the client; then the connection is gone.
  response.socket?.destroySoon();
}

/** A mistake in the sandbox itself: told in full, for whoever meets it develops against the sandbox. */
export function bugAnswer(error: unknown): Answer {
  const message = typeof error === 'object' && error !== null && 'stack' in error ? String(error.stack) : String(error);
  return jsonAnswer(500, { code: 'sandbox_bug', message });
}
