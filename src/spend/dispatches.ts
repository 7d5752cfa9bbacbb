import type { Database } from '../database/database.js';

/** A call that was recorded as about to be sent, and whose end was not. */
export interface Dispatched {
  readonly requestId: string;
  /** Its deadline is over: it was lost with its process. */
  readonly isLost: boolean;
}

/** Where answers to keys are kept; no caller's scope is this one, as those are digests. */
const LOST_SCOPE = 'lost';

/**
 * Remembers calls that are written off, as `[{ id, print }]`, for so many milliseconds: a retry may come later than the sweep. Their
 * rows stand for calls that run for ever, and whose process is gone.
 */
export const REMEMBER_LOST = `
  insert into idempotent_answers as a (scope, key, fingerprint, request_id, state, running_until, expires_at)
  select '${LOST_SCOPE}', print, '', min(id), 'running', now(), now() + $2::float8 * interval '1 ms'
  from jsonb_to_recordset($1::jsonb) as lost (id text, print text) group by print
  on conflict (scope, key) do update set request_id = excluded.request_id,
    expires_at = greatest(a.expires_at, excluded.expires_at)`;

/** Looks at what the ledger knows of calls of every replica. Every method rejects as Database does. */
export class Dispatches {
  constructor(private readonly database: Database) {}

  /**
   * The oldest call under way that asks for the same, else one that was written off lately. There is no index: few calls are under way,
   * and few are looked for.
   */
  async find(print: string): Promise<Dispatched | undefined> {
    const [row] = await this.database.query<{ request_id: string; is_lost: boolean }>(
      `(select request_id, deadline <= now() as is_lost from dispatches where print = $1 order by created_at limit 1)
       union all
       (select request_id, true from idempotent_answers where scope = '${LOST_SCOPE}' and key = $1 and expires_at > now())
       order by is_lost limit 1`,
      [print],
    );
    return row && { requestId: row.request_id, isLost: row.is_lost };
  }

  /** Whether a call that has ended may have been charged without anybody knowing. */
  async isInDoubt(requestId: string): Promise<boolean> {
    const doubts = await this.database.query(
      `select 1 from spend_logs where request_id = $1 and status = 'possibly_charged'`,
      [requestId],
    );
    return doubts.length > 0;
  }
}
