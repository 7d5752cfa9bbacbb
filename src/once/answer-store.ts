import { hash } from 'node:crypto';
import type { Database } from '../database/database.js';
import type { Fault } from '../errors/gateway-error.js';

/** Where an idempotency key counts: for one caller, on one route. */
export interface KeyedRequest {
  readonly scope: string;
  readonly key: string;
  /** Digest of what is asked. */
  readonly fingerprint: string;
  /** Id of the call that asks. */
  readonly requestId: string;
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
  readonly answer: StoredAnswer;
  readonly failure: StoredFailure | null;
}

const CHANNEL = 'idempotent_answers';

/** Longer than any call runs. */
const RUNNING_MS = 330_000;

/** Remembers in the database what became of requests with an idempotency key. Every method rejects as Database does. */
export class AnswerStore {
  private readonly waiting = new Map<string, Set<() => void>>();
  private isListening = false;

  /** @param lifetimeMs how long an answer is kept */
  constructor(
    private readonly database: Database,
    private readonly lifetimeMs: number,
  ) {}

  /** Takes a key for a call; gives what has become of it where it is taken already. */
  async claim(request: KeyedRequest): Promise<StoredCall | undefined> {
    for (;;) {
      const claimed = await this.database.query(
        `insert into idempotent_answers as a (scope, key, fingerprint, request_id, state, running_until, expires_at)
         values ($1, $2, $3, $4, 'running', now() + $5 * interval '1 ms', now() + $6 * interval '1 ms')
         on conflict (scope, key) do update set fingerprint = excluded.fingerprint, request_id = excluded.request_id,
           state = 'running', running_until = excluded.running_until, expires_at = excluded.expires_at,
           status = null, headers = null, body = null, failure = null
         where a.expires_at <= now() returning request_id`,
        [...idOf(request), request.fingerprint, request.requestId, RUNNING_MS, this.lifetimeMs],
      );
      if (claimed.length > 0) return undefined;
      const earlier = await this.find(request);
      if (earlier) return earlier; // Else it was given back in the meantime.
    }
  }

  /** The call ended well. */
  async answered(request: KeyedRequest, { status, headers, body }: StoredAnswer): Promise<void> {
    await this.end(request, `state = 'answered', status = $4, headers = $5::jsonb, body = $6`, [
      status,
      JSON.stringify(headers),
      body,
    ]);
  }

  /** The call failed in a way that may have been charged. */
  async failed(request: KeyedRequest, failure: StoredFailure): Promise<void> {
    await this.end(request, `state = 'failed', failure = $4::jsonb`, [JSON.stringify(failure)]);
  }

  /** The call cost nothing: the key can be used again. */
  async giveBack(request: KeyedRequest): Promise<void> {
    await this.database.query(
      `with gone as (delete from idempotent_answers where scope = $1 and key = $2 and request_id = $3 returning request_id)
       select pg_notify('${CHANNEL}', request_id) from gone`,
      [...idOf(request), request.requestId],
    );
  }

  /** Waits until a call that runs elsewhere has ended; gives what has become of it, or nothing where its key is free. */
  async outcomeOf(request: KeyedRequest, earlier: StoredCall, signal: AbortSignal): Promise<StoredCall | undefined> {
    await this.listen();
    for (;;) {
      const change = this.change(earlier.requestId, signal);
      const now = await this.find(request);
      if (now?.state !== 'running' || now.isAbandoned) return now;
      await change;
    }
  }

  /** Forgets what has been kept long enough. */
  async sweep(): Promise<void> {
    await this.database.query('delete from idempotent_answers where expires_at <= now()');
  }

  private async find(request: KeyedRequest): Promise<StoredCall | undefined> {
    const [row] = await this.database.query<StoredRow>(
      `select fingerprint, request_id, state, running_until <= now() as is_late, status, headers, body, failure
       from idempotent_answers where scope = $1 and key = $2 and expires_at > now()`,
      idOf(request),
    );
    return row && toStoredCall(row);
  }

  private async end(request: KeyedRequest, change: string, values: readonly unknown[]): Promise<void> {
    await this.database.query(
      `with ended as (update idempotent_answers set ${change} where scope = $1 and key = $2 and request_id = $3
         returning request_id)
       select pg_notify('${CHANNEL}', request_id) from ended`,
      [...idOf(request), request.requestId, ...values],
    );
  }

  private async listen(): Promise<void> {
    if (this.isListening) return;
    this.isListening = true;
    const wakeAll = (): void => {
      for (const requestId of this.waiting.keys()) this.wake(requestId);
    };
    await this.database.listen(CHANNEL, (requestId) => this.wake(requestId), wakeAll);
  }

  private wake(requestId: string): void {
    for (const resolve of this.waiting.get(requestId) ?? []) resolve();
    this.waiting.delete(requestId);
  }

  /** Resolves at the next word of a call, or when its process must be gone. Rejects with the signal's reason. */
  private change(requestId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiters = this.waiting.get(requestId) ?? new Set();
      this.waiting.set(requestId, waiters);
      const timeout = setTimeout(done, LOOK_AGAIN_MS);
      const leave = (): void => {
        finish();
        reject(signal.reason as Error);
      };
      const finish = (): void => {
        clearTimeout(timeout);
        waiters.delete(done);
        signal.removeEventListener('abort', leave);
      };
      function done(): void {
        finish();
        resolve();
      }
      waiters.add(done);
      signal.addEventListener('abort', leave, { once: true });
    });
  }
}

/** A process that is lost tells nobody. */
const LOOK_AGAIN_MS = 10_000;

interface StoredRow {
  readonly fingerprint: string;
  readonly request_id: string;
  readonly state: StoredCall['state'];
  readonly is_late: boolean;
  readonly status: number | null;
  readonly headers: readonly string[] | null;
  readonly body: Uint8Array | null;
  readonly failure: StoredFailure | null;
}

function toStoredCall({
  fingerprint,
  request_id,
  state,
  is_late,
  status,
  headers,
  body,
  failure,
}: StoredRow): StoredCall {
  return {
    fingerprint,
    requestId: request_id,
    state,
    isAbandoned: is_late,
    answer: { status: status ?? 0, headers: headers ?? [], body },
    failure,
  };
}

/** The scope holds a path of the caller's, which may be long. */
function idOf({ scope, key }: KeyedRequest): [scope: string, key: string] {
  return [hash('sha256', scope, 'hex'), key];
}
