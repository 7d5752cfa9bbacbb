import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import type { Query } from '../database/database.js';
import { GatewayError } from '../errors/gateway-error.js';
import { Budgets } from '../spend/budgets.js';
import { termsOf } from './allowance.js';
import { columnsOf } from './columns.js';
import type { KeyFieldsDto } from './dto/key-fields.dto.js';
import { momentAfter } from './expiry.js';
import { digestMeant, digestOf } from './key-digest.js';
import { KeyRing } from './key-ring.js';
import { KEY_COLUMNS, type KeyRow, type KeyView, lockKeys, takenDigests, toKeyView, updateKey } from './key-rows.js';

/** What every change of a key is made of: within the caller's transaction, by its `query`. */
@Injectable()
export class KeyRecords {
  constructor(
    private readonly budgets: Budgets,
    private readonly audit: AuditLog,
    private readonly ring: KeyRing,
  ) {}

  /** The key by itself or by its digest, locked until the transaction ends. @throws GatewayError `unknownRecord` */
  async locked(key: string, query: Query): Promise<KeyRow> {
    const digest = digestMeant(key);
    const [row] = await lockKeys(query, [digest]);
    if (!row) throw this.unknown([digest], 'key');
    return row;
  }

  /** What to say of keys that are not in the database: they may stand in the configuration. */
  unknown(digests: readonly string[], param: string): GatewayError {
    return digests.some((digest) => this.ring.find(digest)) ? configuredKey(param) : unknownKey(param);
  }

  /** A key as answers show it, with its budget. */
  async view(row: KeyRow, query: Query): Promise<KeyView> {
    const { budget_scope: scope } = row;
    return toKeyView(row, (await this.budgets.read([scope], query)).get(scope));
  }

  /**
   * Writes fields over a key and its budget.
   *
   * @param cleared fields that are taken away
   * @throws GatewayError `invalidValue` or `alreadyExists`
   */
  async write(
    row: KeyRow,
    fields: KeyFieldsDto,
    cleared: ReadonlySet<string>,
    actor: string,
    query: Query,
  ): Promise<KeyRow> {
    this.checkAlias(fields);
    const written = await updateKey(query, row.token, keyColumns(fields, cleared).set('updated_by', actor));
    const { budget_scope: scope } = row;
    const former = (await this.budgets.read([scope], query)).get(scope);
    await this.budgets.define(scope, termsOf(fields, cleared, former), query);
    return written;
  }

  /** A key that nobody has: the chosen one, or a random one. @throws GatewayError `alreadyExists` naming `param` */
  async free(chosen: string | undefined, param: string, query: Query): Promise<string> {
    if (chosen === undefined) return `sk-${randomBytes(32).toString('base64url')}`;
    const digest = digestOf(chosen);
    if (this.ring.find(digest) !== undefined || (await takenDigests(query, [digest])).size > 0) {
      throw new GatewayError('alreadyExists', 'There is this key already.', { param });
    }
    return chosen;
  }

  /** Aliases of virtual keys differ by the database's doing. @throws GatewayError `alreadyExists` where a configured key has it */
  checkAlias({ key_alias: alias }: KeyFieldsDto): void {
    if (alias === undefined || !this.ring.hasAlias(alias)) return;
    throw new GatewayError('alreadyExists', 'There is a key with this alias already.', { param: 'key_alias' });
  }

  /** Puts a change on record: who made what of which key. */
  record(
    action: string,
    actor: string,
    before: KeyView | undefined,
    after: KeyView | undefined,
    query: Query,
  ): Promise<void> {
    const subject = after?.token ?? before?.token ?? '';
    return this.audit.record({ actor, action, subject, before, after }, query);
  }
}

export function unknownKey(param: string): GatewayError {
  return new GatewayError('unknownRecord', 'There is no such key.', { param });
}

function configuredKey(param: string): GatewayError {
  const message = 'This key stands in the configuration of the gateway, and is changed and ended there.';
  return new GatewayError('unknownRecord', message, { param });
}

/** The columns that a body sets; `duration` counts from now. @throws GatewayError `invalidValue` */
export function keyColumns({ duration, ...fields }: KeyFieldsDto, cleared: ReadonlySet<string>): Map<string, unknown> {
  const columns = columnsOf(fields, cleared, KEY_COLUMNS);
  if (duration !== undefined) columns.set('expires', momentAfter(duration, 'duration'));
  else if (cleared.has('duration')) columns.set('expires', undefined);
  return columns;
}
