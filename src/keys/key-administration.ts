import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import type { Query } from '../database/database.js';
import { GatewayError } from '../errors/gateway-error.js';
import { Budgets, type BudgetState } from '../spend/budgets.js';
import { Administration } from './administration.js';
import { termsOf } from './allowance.js';
import { columnsOf } from './columns.js';
import type { DeleteKeysDto, GenerateKeyDto, RegenerateKeyDto } from './dto/change-keys.dto.js';
import type { NewKeyDto } from './dto/key-answers.dto.js';
import type { KeyFieldsDto } from './dto/key-fields.dto.js';
import { momentAfter } from './expiry.js';
import { digestMeant, digestOf, keyName } from './key-digest.js';
import { KeyRing } from './key-ring.js';
import {
  digestsOf,
  findKeys,
  findKeysByAlias,
  insertKey,
  KEY_COLUMNS,
  type KeyRow,
  type KeyView,
  toKeyView,
  updateKey,
} from './key-rows.js';

const NOTHING: ReadonlySet<string> = new Set();

/** Makes, changes and ends keys. Every change is recorded, by `actor`, and reaches all replicas. */
@Injectable()
export class KeyAdministration {
  constructor(
    private readonly administration: Administration,
    private readonly budgets: Budgets,
    private readonly audit: AuditLog,
    private readonly ring: KeyRing,
  ) {}

  /** @throws GatewayError `alreadyExists`, `unknownRecord` (the team) or `invalidValue` */
  generate({ key: chosen, ...fields }: GenerateKeyDto, actor: string): Promise<NewKeyDto> {
    return this.administration.change(async (query, changed) => {
      const key = await this.free(chosen, 'key', query);
      const token = digestOf(key);
      const own = { token, key_name: keyName(key), created_by: actor, updated_by: actor };
      const row = await insertKey(query, new Map([...Object.entries(own), ...keyColumns(fields, NOTHING)]));
      changed.push(token);
      await this.budgets.define(scopeOf(token), termsOf(fields), query);
      const made = toKeyView(row, await this.budgetOf(token, query));
      await this.record('key.generate', actor, undefined, made, query);
      return { key, token_id: token, ...made };
    });
  }

  /**
   * @param cleared fields that are taken away
   * @throws GatewayError `unknownRecord`, `alreadyExists` or `invalidValue`
   */
  update(key: string, fields: KeyFieldsDto, cleared: ReadonlySet<string>, actor: string): Promise<KeyView> {
    return this.changeKey('key.update', key, actor, (row, query) => this.write(row, fields, cleared, actor, query));
  }

  /** @throws GatewayError `unknownRecord` */
  block(key: string, blocked: boolean, actor: string): Promise<KeyView> {
    const columns = new Map<string, unknown>([
      ['blocked', blocked],
      ['updated_by', actor],
    ]);
    return this.changeKey(blocked ? 'key.block' : 'key.unblock', key, actor, (row, query) =>
      updateKey(query, row.token, columns),
    );
  }

  /** Deletes keys, all of them or none. @throws GatewayError `unknownRecord` or `missingParameter` */
  remove({ keys, key_aliases: aliases }: DeleteKeysDto, actor: string): Promise<string[]> {
    if ((keys === undefined) === (aliases === undefined)) {
      throw new GatewayError('missingParameter', 'Either keys or key_aliases is required.', { param: 'keys' });
    }
    return this.administration.change(async (query, changed) => {
      const wanted = new Set(keys?.map(digestMeant) ?? aliases);
      const rows = keys
        ? await findKeys(query, [...wanted], { lock: true })
        : await findKeysByAlias(query, [...wanted]);
      if (rows.length !== wanted.size) throw unknownKey(keys ? 'keys' : 'key_aliases');
      return this.removeRows(rows, actor, query, changed);
    });
  }

  /** Deletes these keys within a transaction. */
  async removeRows(rows: readonly KeyRow[], actor: string, query: Query, changed: string[]): Promise<string[]> {
    const tokens = rows.map(({ token }) => token);
    changed.push(...(await digestsOf(query, tokens)));
    const budgets = await this.budgets.read(tokens.map(scopeOf), query);
    await query('delete from keys where token = any($1::text[])', [tokens]);
    for (const row of rows) {
      const scope = scopeOf(row.token);
      await this.budgets.remove(scope, query);
      await this.record('key.delete', actor, toKeyView(row, budgets.get(scope)), undefined, query);
    }
    return tokens;
  }

  /**
   * Puts a new key in the place of one: budget, limits and everything else stay with it.
   *
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
      const former = await this.locked(key, query);
      const before = toKeyView(former, await this.budgetOf(former.token, query));
      const fresh = await this.free(chosen, 'new_key', query);
      const token = digestOf(fresh);
      changed.push(...(await digestsOf(query, [former.token])), token);
      if (until) {
        const overlap = 'insert into key_overlaps (former_token, token, until) values ($1, $1, $2)';
        await query(overlap, [former.token, until]);
      }
      const renamed = new Map(Object.entries({ token, key_name: keyName(fresh) }));
      const row = await updateKey(query, former.token, renamed);
      await this.budgets.move(scopeOf(former.token), scopeOf(token), query);
      const written = await this.write(row, fields, cleared, actor, query);
      const after = toKeyView(written, await this.budgetOf(token, query));
      await this.record('key.regenerate', actor, before, after, query);
      return { key: fresh, token_id: token, ...after };
    });
  }

  private changeKey(
    action: string,
    key: string,
    actor: string,
    work: (row: KeyRow, query: Query) => Promise<KeyRow>,
  ): Promise<KeyView> {
    return this.administration.change(async (query, changed) => {
      const row = await this.locked(key, query);
      changed.push(...(await digestsOf(query, [row.token])));
      const before = toKeyView(row, await this.budgetOf(row.token, query));
      const written = await work(row, query);
      const after = toKeyView(written, await this.budgetOf(row.token, query));
      await this.record(action, actor, before, after, query);
      return after;
    });
  }

  private async write(
    row: KeyRow,
    fields: KeyFieldsDto,
    cleared: ReadonlySet<string>,
    actor: string,
    query: Query,
  ): Promise<KeyRow> {
    const written = await updateKey(query, row.token, keyColumns(fields, cleared).set('updated_by', actor));
    const terms = termsOf(fields, cleared, await this.budgetOf(row.token, query));
    await this.budgets.define(scopeOf(row.token), terms, query);
    return written;
  }

  private async locked(key: string, query: Query): Promise<KeyRow> {
    const [row] = await findKeys(query, [digestMeant(key)], { lock: true });
    if (!row) throw unknownKey('key');
    return row;
  }

  /** A key that nobody has: the chosen one, or one drawn by lot. @throws GatewayError `alreadyExists` */
  private async free(chosen: string | undefined, param: string, query: Query): Promise<string> {
    if (chosen === undefined) return `sk-${randomBytes(32).toString('base64url')}`;
    const digest = digestOf(chosen);
    const former = await query('select 1 from key_overlaps where former_token = $1', [digest]);
    const isTaken = this.ring.find(digest) !== undefined || former.length > 0;
    if (isTaken || (await findKeys(query, [digest])).length > 0) {
      throw new GatewayError('alreadyExists', 'There is this key already.', { param });
    }
    return chosen;
  }

  private async budgetOf(token: string, query: Query): Promise<BudgetState | undefined> {
    const scope = scopeOf(token);
    return (await this.budgets.read([scope], query)).get(scope);
  }

  private record(
    action: string,
    actor: string,
    before: KeyView | undefined,
    after: KeyView | undefined,
    query: Query,
  ): Promise<void> {
    const subject = after?.token ?? before?.token ?? '';
    const change = { actor, action, subject, before, after };
    return this.audit.record(change, query);
  }
}

export function unknownKey(param: string): GatewayError {
  return new GatewayError('unknownRecord', 'There is no such key.', { param });
}

export const scopeOf = (token: string): string => `key:${token}`;

function keyColumns({ duration, ...fields }: KeyFieldsDto, cleared: ReadonlySet<string>): Map<string, unknown> {
  const columns = columnsOf(fields, cleared, KEY_COLUMNS);
  if (duration !== undefined) columns.set('expires', momentAfter(duration, 'duration'));
  else if (cleared.has('duration')) columns.set('expires', undefined);
  return columns;
}
