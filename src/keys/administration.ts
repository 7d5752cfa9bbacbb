import { Inject, Injectable } from '@nestjs/common';
import { Database, type Query, SqlError } from '../database/database.js';
import { noDatabase } from '../database/database-down.js';
import { GatewayError } from '../errors/gateway-error.js';
import { announce } from './key-changes.js';
import { VirtualKeys } from './virtual-keys.js';

/** How often a change is made anew that others were in the way of. */
const MOST_ATTEMPTS = 5;

const NOT_UNIQUE = '23505';
const NO_SUCH_ROW = '23503';

/** What a constraint says, in the words of the API. */
const TAKEN: Readonly<Record<string, readonly [what: string, param: string]>> = {
  keys_pkey: ['There is this key already', 'key'],
  keys_key_alias_key: ['There is a key with this alias already', 'key_alias'],
  teams_pkey: ['There is a team with this id already', 'team_id'],
  teams_team_alias_key: ['There is a team with this alias already', 'team_alias'],
};

/** Makes administrative changes: each as a whole, told to every replica when it is made, or not at all. */
@Injectable()
export class Administration {
  constructor(
    @Inject(Database) private readonly database: Database | undefined,
    @Inject(VirtualKeys) private readonly virtualKeys: VirtualKeys | undefined,
  ) {}

  /** @throws GatewayError `noDatabase` */
  get query(): Query {
    return this.required().query;
  }

  /**
   * Does `work` in one transaction, anew where others were in its way. It adds the digests of the keys that change to `changed`.
   *
   * @throws GatewayError `noDatabase`, `databaseDown`, `alreadyExists` or `unknownRecord`, or what the work throws
   */
  async change<T>(work: (query: Query, changed: string[]) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.attempt(work);
      } catch (error) {
        if (error instanceof SqlError && error.isConflict && attempt < MOST_ATTEMPTS) continue;
        throw inWordsOfTheApi(error);
      }
    }
  }

  private async attempt<T>(work: (query: Query, changed: string[]) => Promise<T>): Promise<T> {
    const changed: string[] = [];
    const result = await this.required().transaction(async (query) => {
      const done = await work(query, changed);
      await announce(query, changed);
      return done;
    });
    // Other replicas hear of it; who asks this one next need not wait for that.
    this.virtualKeys?.forget(changed);
    return result;
  }

  private required(): Database {
    if (!this.database) throw noDatabase();
    return this.database;
  }
}

function inWordsOfTheApi(error: unknown): unknown {
  if (!(error instanceof SqlError)) return error;
  if (error.code === NO_SUCH_ROW) {
    return new GatewayError('unknownRecord', 'There is no such team.', { param: 'team_id', cause: error });
  }
  const [what, param] = (error.code === NOT_UNIQUE ? TAKEN[error.constraint ?? ''] : undefined) ?? [];
  if (what === undefined || param === undefined) return error;
  return new GatewayError('alreadyExists', `${what}.`, { param, cause: error });
}
