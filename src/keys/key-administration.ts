import { Injectable } from '@nestjs/common';
import type { Query } from '../database/database.js';
import { Budgets } from '../spend/budgets.js';
import { Administration } from './administration.js';
import { termsOf } from './allowance.js';
import type { GenerateKeyDto } from './dto/change-keys.dto.js';
import type { NewKeyDto } from './dto/key-answers.dto.js';
import type { KeyFieldsDto } from './dto/key-fields.dto.js';
import { digestOf, keyName } from './key-digest.js';
import { keyColumns, KeyRecords } from './key-records.js';
import { digestsOf, insertKey, type KeyRow, type KeyView, updateKey } from './key-rows.js';

const NOTHING: ReadonlySet<string> = new Set();

/** Makes and changes keys. Every change is recorded, by `actor`, and reaches all replicas. */
@Injectable()
export class KeyAdministration {
  constructor(
    private readonly administration: Administration,
    private readonly budgets: Budgets,
    private readonly records: KeyRecords,
  ) {}

  /** @throws GatewayError `alreadyExists`, `unknownRecord` (the team) or `invalidValue` */
  generate({ key: chosen, ...fields }: GenerateKeyDto, actor: string): Promise<NewKeyDto> {
    return this.administration.change(async (query, changed) => {
      this.records.checkAlias(fields);
      const key = await this.records.free(chosen, 'key', query);
      const token = digestOf(key);
      const own = { token, key_name: keyName(key), created_by: actor, updated_by: actor };
      const row = await insertKey(query, new Map([...Object.entries(own), ...keyColumns(fields, NOTHING)]));
      changed.push(token);
      await this.budgets.define(row.budget_scope, termsOf(fields), query);
      const made = await this.records.view(row, query);
      await this.records.record('key.generate', actor, undefined, made, query);
      return { key, token_id: token, litellm_budget_table: null, ...made };
    });
  }

  /**
   * @param cleared fields that are taken away
   * @throws GatewayError `unknownRecord`, `alreadyExists` or `invalidValue`
   */
  update(key: string, fields: KeyFieldsDto, cleared: ReadonlySet<string>, actor: string): Promise<KeyView> {
    return this.change('key.update', key, actor, (row, query) =>
      this.records.write(row, fields, cleared, actor, query),
    );
  }

  /** @throws GatewayError `unknownRecord` */
  block(key: string, blocked: boolean, actor: string): Promise<KeyView> {
    const columns = new Map<string, unknown>([
      ['blocked', blocked],
      ['updated_by', actor],
    ]);
    return this.change(blocked ? 'key.block' : 'key.unblock', key, actor, (row, query) =>
      updateKey(query, row.token, columns),
    );
  }

  private change(
    action: string,
    key: string,
    actor: string,
    work: (row: KeyRow, query: Query) => Promise<KeyRow>,
  ): Promise<KeyView> {
    return this.administration.change(async (query, changed) => {
      const row = await this.records.locked(key, query);
      changed.push(...(await digestsOf(query, [row.token])));
      const before = await this.records.view(row, query);
      const after = await this.records.view(await work(row, query), query);
      await this.records.record(action, actor, before, after, query);
      return after;
    });
  }
}
