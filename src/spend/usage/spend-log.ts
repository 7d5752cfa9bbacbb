import { Inject, Injectable } from '@nestjs/common';
import { Database } from '../../database/database.js';
import { noDatabase } from '../../database/database-down.js';
import { allNames, namesMeant } from '../../keys/names-of-keys.js';
import type { Period } from './period.js';

/** Which requests; undefined: whatever. */
export interface LogFilter extends Period {
  /** The key itself, its id or its alias; what it did under its other ids, former and present, is meant too. */
  readonly key: string | undefined;
  readonly team: string | undefined;
  readonly model: string | undefined;
  readonly operation: string | undefined;
  readonly status: string | undefined;
  readonly user: string | undefined;
  readonly tag: string | undefined;
  readonly requestId: string | undefined;
}

/** One request in the ledger. */
export interface LoggedRequest {
  readonly request_id: string;
  readonly key_id: string;
  readonly key_alias: string | null;
  readonly team_id: string | null;
  readonly model: string | null;
  readonly operation: string | null;
  readonly images: number;
  readonly credits: number | null;
  readonly cost: number;
  readonly unconfirmed: number;
  readonly is_priced: boolean;
  readonly status: string;
  readonly fault: string | null;
  readonly upstream_request_id: string | null;
  readonly end_user: string | null;
  readonly tags: readonly string[];
  readonly started_at: Date;
  readonly ended_at: Date;
}

/** Single requests in the ledger, as far back as they are kept. */
@Injectable()
export class SpendLog {
  constructor(@Inject(Database) private readonly database: Database | undefined) {}

  /** The newest first: a page of them, and how many there are. */
  async read(filter: LogFilter, page: number, pageSize: number): Promise<{ rows: LoggedRequest[]; total: number }> {
    if (!this.database) throw noDatabase();
    const { key, team, model, operation, status, user, tag, requestId, from, until } = filter;
    const parameters = [
      key,
      team,
      model,
      operation,
      status,
      user,
      tag,
      requestId,
      from,
      until,
      key && namesMeant(key),
    ].map((v) => v ?? null);
    const [count] = await this.database.query<{ total: number }>(`select count(*) as total ${MATCHING}`, parameters);
    const rows = await this.database.query<LoggedRequest>(
      `select ${COLUMNS} ${MATCHING} order by started_at desc, id desc limit $12 offset $13`,
      [...parameters, pageSize, (page - 1) * pageSize],
    );
    return { rows, total: count?.total ?? 0 };
  }
}

const COLUMNS = `request_id, key_id, key_alias, team_id, model, operation, images, credits::float8 as credits,
  cost_micro_dollars as cost, unconfirmed_micro_dollars as unconfirmed, is_priced, status, fault, upstream_request_id,
  end_user, tags, started_at, ended_at`;

const MATCHING = `from spend_logs where
  ($1::text is null or key_alias = $1 or key_id = any(${allNames('$11')})) and ($2::text is null or team_id = $2)
  and ($3::text is null or model = $3) and ($4::text is null or operation = $4)
  and ($5::text is null or status = $5) and ($6::text is null or end_user = $6)
  and ($7::text is null or $7 = any(tags)) and ($8::text is null or request_id = $8)
  and ($9::timestamptz is null or started_at >= $9) and ($10::timestamptz is null or started_at < $10)`;
