import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '../audit/audit-log.js';
import type { Query } from '../database/database.js';
import { GatewayError } from '../errors/gateway-error.js';
import { Budgets, type BudgetState } from '../spend/budgets.js';
import { Administration } from './administration.js';
import { termsOf } from './allowance.js';
import { columnsOf } from './columns.js';
import type { DeletedTeamsDto, NewTeamDto, TeamFieldsDto, TeamInfoDto } from './dto/teams.dto.js';
import { KeyDirectory } from './key-directory.js';
import { KeyRemoval } from './key-removal.js';
import { digestsOf, type KeyRow } from './key-rows.js';
import {
  allTeams,
  findTeams,
  insertTeam,
  TEAM_COLUMNS,
  type TeamRow,
  type TeamView,
  toTeamView,
  updateTeam,
} from './team-rows.js';

/** Keys that are shown with their team. */
const MOST_KEYS = 1_000;

/** Teams: keys with a budget and limits in common. Every change is recorded, by `actor`, and reaches all replicas. */
@Injectable()
export class Teams {
  constructor(
    private readonly administration: Administration,
    private readonly budgets: Budgets,
    private readonly audit: AuditLog,
    private readonly removal: KeyRemoval,
    private readonly directory: KeyDirectory,
  ) {}

  /** @throws GatewayError `alreadyExists` or `invalidValue` */
  create({ team_id: id = randomUUID(), ...fields }: NewTeamDto, actor: string): Promise<TeamView> {
    return this.administration.change(async (query) => {
      const own = Object.entries({ team_id: id, created_by: actor, updated_by: actor });
      const rows = await insertTeam(query, new Map([...own, ...columnsOf(fields, new Set(), TEAM_COLUMNS)]));
      await this.budgets.define(scopeOf(id), termsOf(fields), query);
      const made = await this.describe(rows, query);
      await this.record('team.new', actor, undefined, made, query);
      return made;
    });
  }

  /** @throws GatewayError `unknownRecord`, `noDatabase` or `databaseDown` */
  async info(id: string): Promise<TeamInfoDto> {
    const { query } = this.administration;
    const rows = await findTeams(query, [id]);
    if (rows.length === 0) throw unknownTeam('team_id');
    const keys = await this.directory.find({ team_id: id }, MOST_KEYS);
    return { team_id: id, team_info: await this.describe(rows, query), keys };
  }

  async list(): Promise<TeamView[]> {
    const { query } = this.administration;
    const rows = await allTeams(query);
    const budgets = await this.budgets.read(
      rows.map(({ team_id: id }) => scopeOf(id)),
      query,
    );
    return rows.map((row) => toTeamView(row, budgets.get(scopeOf(row.team_id))));
  }

  /**
   * @param cleared fields that are taken away
   * @throws GatewayError `unknownRecord`, `alreadyExists` or `invalidValue`
   */
  update(id: string, fields: TeamFieldsDto, cleared: ReadonlySet<string>, actor: string): Promise<TeamView> {
    return this.administration.change(async (query, changed) => {
      const former = await findTeams(query, [id], { lock: true });
      if (former.length === 0) throw unknownTeam('team_id');
      changed.push(...(await this.digestsIn([id], query)));
      const before = await this.describe(former, query);
      const columns = columnsOf(fields, cleared, TEAM_COLUMNS).set('updated_by', actor);
      const rows = await updateTeam(query, id, columns);
      await this.budgets.define(scopeOf(id), termsOf(fields, cleared, await this.budgetOf(id, query)), query);
      const after = await this.describe(rows, query);
      await this.record('team.update', actor, before, after, query);
      return after;
    });
  }

  /** Deletes teams and, as LiteLLM does, the keys in them: a key never outlives the limits it was given under. */
  remove(ids: readonly string[], actor: string): Promise<DeletedTeamsDto> {
    const wanted = [...new Set(ids)];
    return this.administration.change(async (query, changed) => {
      const teams = await findTeams(query, wanted, { lock: true });
      if (teams.length !== wanted.length) throw unknownTeam('team_ids');
      const keys = await query<KeyRow>('select * from keys where team_id = any($1::text[]) for update', [wanted]);
      const deletedKeys = await this.removal.removeRows(keys, actor, query, changed);
      // Teams' names come after those of keys.
      await this.budgets.lock(wanted.map(scopeOf), query);
      for (const team of teams) {
        const before = await this.describe([team], query);
        await query('delete from teams where team_id = $1', [team.team_id]);
        await this.budgets.remove(scopeOf(team.team_id), query);
        await this.record('team.delete', actor, before, undefined, query);
      }
      return { deleted_teams: teams.map(({ team_id: id }) => id), deleted_keys: deletedKeys };
    });
  }

  /** Locked with their names, so that none is regenerated before the change that it is to be told of is made. */
  private async digestsIn(ids: readonly string[], query: Query): Promise<string[]> {
    const keys = await query<{ token: string }>(
      'select token from keys where team_id = any($1::text[]) order by token for update',
      [ids],
    );
    return digestsOf(
      query,
      keys.map(({ token }) => token),
    );
  }

  private async describe([row]: readonly TeamRow[], query: Query): Promise<TeamView> {
    if (!row) throw new Error('The team was deleted while it was locked.');
    return toTeamView(row, await this.budgetOf(row.team_id, query));
  }

  private async budgetOf(id: string, query: Query): Promise<BudgetState | undefined> {
    return (await this.budgets.read([scopeOf(id)], query)).get(scopeOf(id));
  }

  private record(
    action: string,
    actor: string,
    before: TeamView | undefined,
    after: TeamView | undefined,
    query: Query,
  ): Promise<void> {
    const subject = after?.team_id ?? before?.team_id ?? '';
    const change = { actor, action, subject, before, after };
    return this.audit.record(change, query);
  }
}

const scopeOf = (id: string): string => `team:${id}`;

function unknownTeam(param: string): GatewayError {
  return new GatewayError('unknownRecord', 'There is no such team.', { param });
}
