import type { Database } from '../database/database.js';

/** A call that was recorded as about to be sent, and whose end was not. */
export interface Dispatched {
  readonly requestId: string;
  /** Its deadline is over: it was lost with its process. */
  readonly isLost: boolean;
}

/** Looks at what the ledger knows of calls of every replica. Every method rejects as Database does. */
export class Dispatches {
  constructor(private readonly database: Database) {}

  /** The oldest call under way that asks for the same. There is no index: few calls are under way, and few are looked for. */
  async find(print: string): Promise<Dispatched | undefined> {
    const [row] = await this.database.query<{ request_id: string; is_lost: boolean }>(
      `select request_id, deadline <= now() as is_lost from dispatches where print = $1 order by created_at limit 1`,
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
