import { hash } from 'node:crypto';
import type { Database } from '../database/database.js';
import type { Fault } from '../errors/gateway-error.js';
import { CallNews, NEWS } from './call-news.js';

/** Where an idempotency key counts: for one caller, on one route. */
export interface KeyedRequest {
  readonly scope: string;
  readonly key: string;
  /** Digest of what is asked. */
  readonly fingerprint: string;
  /** Id of the call that asks. */
  readonly requestId: string;
  /** After so many milliseconds a call that has not ended was lost with its process. */
  readonly runningMs: number;
  /** How long what became of it is kept, in milliseconds from its end. */
  readonly lifetimeMs: number;
}

export interface StoredAnswer {
  readonly status: number;
  /** Names and values in turn. */
  readonly headers: readonly string[];
  /** Null where it could not be kept. */
  readonly body: Uint8Array | null;
}

export interface StoredFailure {
  readonly fault: Fault;
  readonly message: string;
  readonly code: string;
  readonly param: string | null;
}

/** A key that was used before. */
export interface StoredCall {
  readonly fingerprint: string;
  readonly requestId: string;
  readonly state: 'running' | 'answered' | 'failed';
  /** Whether the process that ran it is gone, so that it will never end. */
  readonly isAbandoned: boolean;
  /** Milliseconds until that is so. */
  readonly leftMs: number;
  readonly answer: StoredAnswer;
  readonly failure: StoredFailure | null;
}

const CLAIM = `
  insert into idempotent_answers as a (scope, key, fingerprint, request_id, state, running_until, expires_at)
  values ($1, $2, $3, $4, 'running', now() + $5 * interval '1 ms', now() + $6 * interval '1 ms')
  on conflict (scope, key) do update set fingerprint = excluded.fingerprint, request_id = excluded.request_id,
    state = 'running', running_until = excluded.running_until, expires_at = excluded.expires_at,
    status = null, headers = null, body = null, failure = null
  where a.expires_at <= now() returning request_id`;

/** What is asked for again has most likely lost the last answer to it. */
const KEEP = `
  insert into idempotent_answers (scope, key, fingerprint, request_id, state, running_until, expires_at, status, headers, body)
  values ($1, $2, $3, $4, 'answered', now(), now() + $5 * interval '1 ms', $6, $7::jsonb, $8)
  on conflict (scope, key) do update set request_id = excluded.request_id, expires_at = excluded.expires_at,
    status = excluded.status, headers = excluded.headers, body = excluded.body`;

/** Remembers in the database what became of requests that may be asked for again. Every method rejects as Database does. */
export class AnswerStore {
  readonly news: CallNews;

  constructor(private readonly database: Database) {
    this.news = new CallNews(database);
  }

  /** Takes a key for a call; gives what has become of it where it is taken already. */
  async claim(request: KeyedRequest): Promise<StoredCall | undefined> {
    for (;;) {
      const claimed = await this.database.query(CLAIM, claimOf(request));
      if (claimed.length > 0) return undefined;
      const earlier = await this.find(request);
      if (earlier) return earlier; // Else it was given back in the meantime.
    }
  }

  /** Takes the key of a call that others turned out to wait for, and tells them; false where another call has it. */
  async offer(request: KeyedRequest): Promise<boolean> {
    const told = await this.database.query(
      `with claimed as (${CLAIM}) select pg_notify('${NEWS}', request_id) from claimed`,
      claimOf(request),
    );
    return told.length > 0;
  }

  /** The call ended well. */
  async answered(request: KeyedRequest, { status, headers, body }: StoredAnswer): Promise<void> {
    await this.end(request, `state = 'answered', status = $5, headers = $6::jsonb, body = $7`, [
      status,
      JSON.stringify(headers),
      body,
    ]);
  }

  /** Keeps an answer whose key nobody had to take before, instead of an earlier one. */
  async keep(request: Omit<KeyedRequest, 'runningMs'>, { status, headers, body }: StoredAnswer): Promise<void> {
    const { fingerprint, requestId, lifetimeMs } = request;
    await this.database.query(KEEP, [
      ...idOf(request),
      ...[fingerprint, requestId, lifetimeMs, status, JSON.stringify(headers), body],
    ]);
  }

  /** The call failed in a way that may have been charged. */
  async failed(request: KeyedRequest, failure: StoredFailure): Promise<void> {
    await this.end(request, `state = 'failed', failure = $5::jsonb`, [JSON.stringify(failure)]);
  }

  /** The call cost nothing: the key can be used again. */
  async giveBack(request: KeyedRequest): Promise<void> {
    await this.database.query(
      `with gone as (delete from idempotent_answers where scope = $1 and key = $2 and request_id = $3 returning request_id)
       select pg_notify('${NEWS}', request_id) from gone`,
      [...idOf(request), request.requestId],
    );
  }

  /** Waits until a call that runs elsewhere has ended; gives what has become of it, or nothing where its key is free. */
  async outcomeOf(
    request: Pick<KeyedRequest, 'scope' | 'key'>,
    earlier: StoredCall,
    signal: AbortSignal,
  ): Promise<StoredCall | undefined> {
    await this.news.listen();
    for (;;) {
      using news = this.news.of(earlier.requestId, signal, Math.min(LOOK_AGAIN_MS, earlier.leftMs + 1));
      const now = await this.find(request);
      if (now?.state !== 'running' || now.isAbandoned) return now;
      await news.came;
    }
  }

  /** Forgets what has been kept long enough. */
  async sweep(): Promise<void> {
    await this.database.query('delete from idempotent_answers where expires_at <= now()');
  }

  /** What became of a key, if it is taken. */
  async find(request: Pick<KeyedRequest, 'scope' | 'key'>): Promise<StoredCall | undefined> {
    const [row] = await this.database.query<StoredRow>(
      `select fingerprint, request_id, state, greatest(0, extract(epoch from running_until - now()) * 1000)::float8 as left_ms,
         status, headers, body, failure
       from idempotent_answers where scope = $1 and key = $2 and expires_at > now()`,
      idOf(request),
    );
    return row && toStoredCall(row);
  }

  private async end(request: KeyedRequest, change: string, values: readonly unknown[]): Promise<void> {
    await this.database.query(
      `with ended as (update idempotent_answers set expires_at = now() + $4 * interval '1 ms', ${change}
         where scope = $1 and key = $2 and request_id = $3 returning request_id)
       select pg_notify('${NEWS}', request_id) from ended`,
      [...idOf(request), request.requestId, request.lifetimeMs, ...values],
    );
  }
}

/** A process that is lost tells nobody. */
const LOOK_AGAIN_MS = 10_000;

interface StoredRow {
  readonly fingerprint: string;
  readonly request_id: string;
  readonly state: StoredCall['state'];
  readonly left_ms: number;
  readonly status: number | null;
  readonly headers: readonly string[] | null;
  readonly body: Uint8Array | null;
  readonly failure: StoredFailure | null;
}

function toStoredCall({
  fingerprint,
  request_id,
  state,
  left_ms,
  status,
  headers,
  body,
  failure,
}: StoredRow): StoredCall {
  return {
    fingerprint,
    requestId: request_id,
    state,
    isAbandoned: left_ms <= 0,
    leftMs: left_ms,
    answer: { status: status ?? 0, headers: headers ?? [], body },
    failure,
  };
}

/** The scope holds a path of the caller's, which may be long. */
function idOf({ scope, key }: Pick<KeyedRequest, 'scope' | 'key'>): [scope: string, key: string] {
  return [hash('sha256', scope, 'hex'), key];
}

/** Until it has ended it is kept for as long as it may run and its outcome is kept after that. */
function claimOf(request: KeyedRequest): unknown[] {
  const { fingerprint, requestId, runningMs, lifetimeMs } = request;
  return [...idOf(request), fingerprint, requestId, runningMs, runningMs + lifetimeMs];
}
