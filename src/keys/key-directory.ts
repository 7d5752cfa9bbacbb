import { Injectable } from '@nestjs/common';
import { Budgets, type BudgetState } from '../spend/budgets.js';
import { Administration } from './administration.js';
import { budgetAnswer } from './allowance.js';
import type { Caller } from './caller.js';
import type { KeyPageDto } from './dto/key-answers.dto.js';
import type { ListKeysQueryDto } from './dto/query-keys.dto.js';
import { digestMeant } from './key-digest.js';
import { unknownKey } from './key-records.js';
import { KeyRing } from './key-ring.js';
import { findKeys, type KeyFilter, type KeyRow, type KeyView, pageOfKeys, toKeyView } from './key-rows.js';

const USUAL_SIZE = 10;

/** Tells of keys what is kept of them. */
@Injectable()
export class KeyDirectory {
  constructor(
    private readonly administration: Administration,
    private readonly budgets: Budgets,
    private readonly ring: KeyRing,
  ) {}

  /** @throws GatewayError `unknownRecord`, `noDatabase` or `databaseDown` */
  async info(key: string): Promise<KeyView> {
    const digest = digestMeant(key);
    const configured = this.ring.find(digest)?.caller;
    if (configured) return this.infoOfConfigured(configured);
    const [row] = await findKeys(this.administration.query, [digest]);
    if (!row) throw unknownKey('key');
    const [dto] = await this.describe([row]);
    if (!dto) throw unknownKey('key');
    return dto;
  }

  /** Configured keys come first: nobody made them, so they are the oldest. */
  async page({ page = 1, size = USUAL_SIZE, return_full_object, ...filter }: ListKeysQueryDto): Promise<KeyPageDto> {
    const first = (page - 1) * size;
    const configured = this.configured(filter);
    const shown = configured.slice(first, first + size);
    const { rows, total: made } = await pageOfKeys(this.administration.query, filter, {
      size: size - shown.length,
      skip: Math.max(0, first - configured.length),
    });
    const total = configured.length + made;
    const keys = return_full_object === true ? await this.whole(shown, rows) : digestsOf(shown, rows);
    return { keys, total_count: total, current_page: page, total_pages: Math.ceil(total / size) };
  }

  /** Up to `most` keys in the order of their making. */
  async find(filter: KeyFilter, most: number): Promise<KeyView[]> {
    const { rows } = await pageOfKeys(this.administration.query, filter, { size: most, skip: 0 });
    return this.describe(rows);
  }

  /** A configured key is in no team, of no user, never blocked and never expires. */
  private configured({ team_id, user_id, key_alias, blocked, expired }: KeyFilter): Caller[] {
    if (team_id !== undefined || user_id !== undefined || blocked === true || expired === true) return [];
    return this.ring.configuredCallers.filter(({ alias }) => key_alias === undefined || alias === key_alias);
  }

  private async whole(configured: readonly Caller[], rows: readonly KeyRow[]): Promise<KeyView[]> {
    const budgets = await this.budgets.read(configured.flatMap((caller) => caller.budgets));
    return [...configured.map((caller) => viewOf(caller, budgets.get(caller.scope))), ...(await this.describe(rows))];
  }

  private async describe(rows: readonly KeyRow[]): Promise<KeyView[]> {
    const budgets = await this.budgets.read(rows.map(({ budget_scope: scope }) => scope));
    return rows.map((row) => toKeyView(row, budgets.get(row.budget_scope)));
  }

  private async infoOfConfigured(caller: Caller): Promise<KeyView> {
    const scopes = [...caller.budgets];
    const budgets = scopes.length === 0 ? undefined : await this.budgets.read(scopes);
    return viewOf(caller, budgets?.get(caller.scope));
  }
}

const digestsOf = (configured: readonly Caller[], rows: readonly KeyRow[]): string[] => [
  ...configured.map(({ id }) => id),
  ...rows.map(({ token }) => token),
];

/** A configured key: what the configuration says, and the budget where there is a database. */
function viewOf(caller: Caller, budget: BudgetState | undefined): KeyView {
  return {
    token: caller.id,
    key_name: caller.alias,
    key_alias: caller.alias,
    team_id: null,
    user_id: null,
    expires: null,
    aliases: { ...caller.aliases },
    allowed_routes: [...caller.routes],
    models: [...caller.models],
    operations: [...caller.operations],
    tags: [...caller.tags],
    priority: caller.priority,
    weight: caller.weight,
    rpm_limit: caller.limits.requestsPerMinute ?? null,
    ipm_limit: caller.limits.imagesPerMinute ?? null,
    max_parallel_requests: caller.limits.parallelRequests ?? null,
    blocked: false,
    metadata: {},
    ...{ created_at: null, created_by: null, updated_at: null, updated_by: null },
    ...budgetAnswer(budget),
  };
}
