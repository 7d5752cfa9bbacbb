import type { Query } from '../database/database.js';
import type { BudgetState } from '../spend/budgets.js';
import { budgetAnswer } from './allowance.js';
import { assigned, type Columns, inserted } from './columns.js';
import type { TeamDto } from './dto/teams.dto.js';

/** A row of `teams`. */
export interface TeamRow {
  readonly team_id: string;
  readonly team_alias: string | null;
  readonly models: string[];
  readonly rpm_limit: number | null;
  readonly ipm_limit: number | null;
  readonly max_parallel_requests: number | null;
  readonly blocked: boolean;
  readonly metadata: Record<string, unknown>;
  readonly created_at: Date;
  readonly created_by: string;
  readonly updated_at: Date;
  readonly updated_by: string;
}

/** Columns of a team that a body can set under the same name. */
export const TEAM_COLUMNS = [
  ...['team_alias', 'models', 'rpm_limit', 'ipm_limit', 'max_parallel_requests', 'blocked', 'metadata'],
];

export function insertTeam(query: Query, columns: Columns): Promise<TeamRow[]> {
  const { text, parameters } = inserted(columns);
  return query<TeamRow>(`insert into teams ${text} returning *`, parameters);
}

export function updateTeam(query: Query, id: string, columns: Columns): Promise<TeamRow[]> {
  const { text, parameters } = assigned(columns);
  const sql = `update teams set ${text}, updated_at = now() where team_id = $1 returning *`;
  return query<TeamRow>(sql, [id, ...parameters]);
}

/** The teams of these ids; locked until the transaction ends where it is going to change them. */
export function findTeams(query: Query, ids: readonly string[], { lock = false } = {}): Promise<TeamRow[]> {
  const sql = `select * from teams where team_id = any($1::text[]) order by team_id ${lock ? 'for update' : ''}`;
  return query<TeamRow>(sql, [ids]);
}

/** Every team, the oldest first. */
export function allTeams(query: Query): Promise<TeamRow[]> {
  return query<TeamRow>('select * from teams order by created_at, team_id');
}

/** A team as answers show it, and nothing but that. */
export type TeamView = Pick<TeamDto, keyof TeamDto>;

export function toTeamView(row: TeamRow, budget: BudgetState | undefined): TeamView {
  return {
    ...row,
    ...budgetAnswer(budget),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}
