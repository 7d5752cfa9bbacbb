import { Injectable } from '@nestjs/common';
import type { Query } from '../database/database.js';
import { Administration } from './administration.js';
import type { RegenerateKeyDto } from './dto/change-keys.dto.js';
import type { NewKeyDto } from './dto/key-answers.dto.js';
import { momentAfter } from './expiry.js';
import { digestOf, keyName } from './key-digest.js';
import { KeyRecords } from './key-records.js';
import { digestsOf, type KeyRow, updateKey } from './key-rows.js';

/** Puts new keys in the place of old ones, which may work for a while yet. */
@Injectable()
export class KeyRegeneration {
  constructor(
    private readonly administration: Administration,
    private readonly records: KeyRecords,
  ) {}

  /**
   * Puts a new key in the place of one: budget, limits and everything else stay with it.
   *
   * @param cleared fields that are taken away
   * @throws GatewayError `unknownRecord`, `alreadyExists` or `invalidValue`
   */
  regenerate(
    key: string,
    { new_key: chosen, grace_period: grace, ...fields }: RegenerateKeyDto,
    cleared: ReadonlySet<string>,
    actor: string,
  ): Promise<NewKeyDto> {
    const until = grace === undefined ? undefined : momentAfter(grace, 'grace_period');
    return this.administration.change(async (query, changed) => {
      const former = await this.records.locked(key, query);
      const before = await this.records.view(former, query);
      const fresh = await this.records.free(chosen, 'new_key', query);
      const token = digestOf(fresh);
      changed.push(...(await digestsOf(query, [former.token])), token);
      await rememberFormer(former.token, until, query);
      const row = await rename(former, fresh, query);
      const after = await this.records.view(await this.records.write(row, fields, cleared, actor, query), query);
      await this.records.record('key.regenerate', actor, before, after, query);
      return { key: fresh, token_id: token, litellm_budget_table: null, ...after };
    });
  }
}

/** It goes on counting as what it was first called. */
function rename({ token, first_token: first }: KeyRow, fresh: string, query: Query): Promise<KeyRow> {
  const columns = { token: digestOf(fresh), first_token: first ?? token, key_name: keyName(fresh) };
  return updateKey(query, token, new Map(Object.entries(columns)));
}

/**
 * A former name leads to its key: until then for callers, and for good to what was spent under it. It follows the key when
 * that is given its new name.
 */
async function rememberFormer(token: string, until: Date | undefined, query: Query): Promise<void> {
  const insert = 'insert into key_overlaps (former_token, token, until) values ($1, $1, coalesce($2, now()))';
  await query(insert, [token, until ?? null]);
}
