import { Injectable } from '@nestjs/common';
import type { Query } from '../database/database.js';
import { GatewayError } from '../errors/gateway-error.js';
import { Budgets } from '../spend/budgets.js';
import { Administration } from './administration.js';
import type { DeleteKeysDto } from './dto/change-keys.dto.js';
import { digestMeant } from './key-digest.js';
import { KeyRecords, unknownKey } from './key-records.js';
import { digestsOf, findKeysByAlias, type KeyRow, lockKeys, toKeyView } from './key-rows.js';

/** Ends keys. What they spent stays in the ledger. */
@Injectable()
export class KeyRemoval {
  constructor(
    private readonly administration: Administration,
    private readonly budgets: Budgets,
    private readonly records: KeyRecords,
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
      const tokens = rows.map(({ token }) => token);
      const known = new Set(
        keys ? await digestsOf(query, tokens, { areWorking: true }) : rows.map(({ key_alias: alias }) => alias),
      );
      if ([...wanted].some((name) => !known.has(name))) {
        throw keys ? this.records.unknown([...wanted], 'keys') : unknownKey('key_aliases');
      }
      return this.removeRows(rows, actor, query, changed);
    });
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
