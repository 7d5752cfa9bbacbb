import { Injectable } from '@nestjs/common';
import type { Query } from '../database/database.js';
import { GatewayError } from '../errors/gateway-error.js';
import { Budgets } from '../spend/budgets.js';
import { Administration } from './administration.js';
import type { DeleteKeysDto } from './dto/change-keys.dto.js';
import { digestMeant } from './key-digest.js';
import { configuredKey, KeyRecords, unknownKey } from './key-records.js';
import { KeyRing } from './key-ring.js';
import { digestsOf, findKeysByAlias, type KeyRow, lockKeys, toKeyView } from './key-rows.js';

/** Ends keys. What they spent stays in the ledger. */
@Injectable()
export class KeyRemoval {
  constructor(
    private readonly administration: Administration,
    private readonly budgets: Budgets,
    private readonly records: KeyRecords,
    private readonly ring: KeyRing,
  ) {}

  /**
   * Deletes keys, all of them or none.
   *
   * @returns their digests
   * @throws GatewayError `unknownRecord` or `missingParameter`
   */
  remove({ keys, key_aliases: aliases }: DeleteKeysDto, actor: string): Promise<string[]> {
    if ((keys === undefined) === (aliases === undefined)) {
      throw new GatewayError('missingParameter', 'Either keys or key_aliases is required.', { param: 'keys' });
    }
    return this.administration.change(async (query, changed) => {
      const wanted = new Set(keys?.map(digestMeant) ?? aliases);
      const rows = keys ? await lockKeys(query, [...wanted]) : await findKeysByAlias(query, [...wanted]);
      const known = keys ? await workingNames(query, rows) : new Set(rows.map(({ key_alias: alias }) => alias));
      if ([...wanted].some((name) => !known.has(name))) throw keys ? this.unknown(wanted) : unknownKey('key_aliases');
      return this.removeRows(rows, actor, query, changed);
    });
  }

  private unknown(digests: ReadonlySet<string>): GatewayError {
    return [...digests].some((digest) => this.ring.find(digest)) ? configuredKey('keys') : unknownKey('keys');
  }

  /** Deletes these keys within a transaction. @returns their digests */
  async removeRows(rows: readonly KeyRow[], actor: string, query: Query, changed: string[]): Promise<string[]> {
    const tokens = rows.map(({ token }) => token);
    changed.push(...(await digestsOf(query, tokens)));
    const scopes = rows.map(({ budget_scope: scope }) => scope);
    await this.budgets.lock(scopes, query);
    const budgets = await this.budgets.read(scopes, query);
    await query('delete from keys where token = any($1::text[])', [tokens]);
    for (const row of rows) {
      const { budget_scope: scope } = row;
      await this.budgets.remove(scope, query);
      await this.records.record('key.delete', actor, toKeyView(row, budgets.get(scope)), undefined, query);
    }
    return tokens;
  }
}

/** What keys may be called by: their names, and former ones as long as those work. */
async function workingNames(query: Query, rows: readonly KeyRow[]): Promise<Set<string>> {
  const tokens = rows.map(({ token }) => token);
  const former = await query<{ former_token: string }>(
    'select former_token from key_overlaps where token = any($1::text[]) and until > now()',
    [tokens],
  );
  return new Set([...tokens, ...former.map(({ former_token }) => former_token)]);
}
