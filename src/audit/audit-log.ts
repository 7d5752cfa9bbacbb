import { Inject, Injectable } from '@nestjs/common';
import { Database, type Query } from '../database/database.js';
import { noDatabase } from '../database/database-down.js';
import { allNames, namesMeant } from '../keys/names-of-keys.js';
import { masked } from './masked.js';

/** A change that somebody with the master key made. */
export interface AdministrativeChange {
  /** Who: the id of the caller, or whom the caller names. */
  readonly actor: string;
  /** What was done: `key.generate`, `team.update`, … */
  readonly action: string;
  /** To what: the id of a key or team. */
  readonly subject: string;
  readonly before?: Readonly<Record<string, unknown>> | undefined;
  readonly after?: Readonly<Record<string, unknown>> | undefined;
}

/** How something is now that changes without anybody asking this API for it; without `after` it is gone. */
export interface State {
  /** What was done where this is news. */
  readonly action: string;
  readonly subject: string;
  readonly after?: Readonly<Record<string, unknown>>;
}

export interface AuditEntry {
  readonly id: number;
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

export interface AuditFilter {
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** Of a key: the key itself or any of its digests; what was done under the others is meant too. */
  readonly subject?: string | undefined;
  readonly from?: Date | undefined;
  readonly until?: Date | undefined;
}

/** Who changed what, and when. Rows are only ever added. */
@Injectable()
export class AuditLog {
  constructor(@Inject(Database) private readonly database: Database | undefined) {}

  /** Records a change; with the `query` of the transaction that makes it, so that neither is there without the other. */
  async record(change: AdministrativeChange, query: Query = this.query): Promise<void> {
    const { actor, action, subject, before, after } = change;
    await query(
      'insert into audit_log (actor, action, subject, before, after) values ($1, $2, $3, $4::jsonb, $5::jsonb)',
      [actor, action, subject, jsonOf(before), jsonOf(after)],
    );
  }

  /**
   * Records what is other than the same actor had it on record last. Every replica may say so of what all of them see: it is
   * recorded once.
   */
  async recordStates(actor: string, states: readonly State[]): Promise<void> {
    if (!this.database || states.length === 0) return;
    const safe = states.map(({ after, ...same }) => ({ ...same, after: after && masked(after) }));
    await this.database.transaction(async (query) => {
      await query('select pg_advisory_xact_lock(hashtext($1))', [`audit of ${actor}`]);
      await query(RECORD_NEWS, [actor, JSON.stringify(safe)]);
    });
  }

  /** The newest changes first: a page of them, and how many there are. */
  async read(filter: AuditFilter, page: number, pageSize: number): Promise<{ entries: AuditEntry[]; total: number }> {
    const { subject } = filter;
    const parameters = [
      filter.actor,
      filter.action,
      subject,
      filter.from,
      filter.until,
      subject && namesMeant(subject),
    ].map((v) => v ?? null);
    const [count] = await this.query<{ total: number }>(`select count(*) as total ${MATCHING}`, parameters);
    const entries = await this.query<AuditEntry>(
      `select id, at, actor, action, subject, before, after ${MATCHING} order by id desc limit $7 offset $8`,
      [...parameters, pageSize, (page - 1) * pageSize],
    );
    return { entries, total: count?.total ?? 0 };
  }

  private get query(): Query {
    if (!this.database) throw noDatabase();
    return this.database.query;
  }
}

const RECORD_NEWS = `
  with state as (select * from jsonb_to_recordset($2::jsonb) as s(action text, subject text, after jsonb)),
  known as (
    select distinct on (subject) subject, after from audit_log
    where actor = $1::text and subject in (select subject from state) order by subject, id desc
  )
  insert into audit_log (actor, action, subject, before, after)
  select $1::text, state.action, state.subject, known.after, state.after from state left join known using (subject)
  where state.after is distinct from known.after`;

const MATCHING = `from audit_log where
  ($1::text is null or actor = $1) and ($2::text is null or action = $2) and ($3::text is null or subject = any(${allNames('$6')}))
  and ($4::timestamptz is null or at >= $4) and ($5::timestamptz is null or at < $5)`;

function jsonOf(value: Readonly<Record<string, unknown>> | undefined): string | null {
  return value === undefined ? null : JSON.stringify(masked(value));
}
