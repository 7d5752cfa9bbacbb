import { inDollars } from '../money.js';
import type { LogPageDto, LoggedRequestDto, SpendFiguresDto } from './spend-answers.dto.js';
import type { LoggedRequest } from './spend-log.js';
import type { SpendSum } from './spend-sums.js';

type Figures = Omit<SpendSum, 'name' | 'alias'>;

/** The figures of an answer, to be spread into one. */
type SpendFigures = { readonly [Name in keyof SpendFiguresDto]: SpendFiguresDto[Name] };

export const figuresOf = ({ cost, unconfirmed, requests, failures, images }: Figures): SpendFigures => ({
  spend: inDollars(cost),
  unconfirmed_spend: inDollars(unconfirmed),
  requests,
  failed_requests: failures,
  images,
});

/** Nothing is written as an empty name in the sums. */
export const nameOf = ({ name }: SpendSum): string | null => (name === '' ? null : name);

export function totalOf(sums: readonly SpendSum[]): SpendFigures {
  const total = { cost: 0, unconfirmed: 0, requests: 0, failures: 0, images: 0 };
  for (const sum of sums)
    for (const figure of Object.keys(total) as (keyof typeof total)[]) total[figure] += sum[figure];
  return figuresOf(total);
}

export function toLogPage(rows: readonly LoggedRequest[], total: number, page: number, pageSize: number): LogPageDto {
  return {
    data: rows.map(toLoggedRequest),
    total,
    page,
    page_size: pageSize,
    total_pages: Math.ceil(total / pageSize),
  };
}

function toLoggedRequest(row: LoggedRequest): LoggedRequestDto {
  const { key_id, cost, unconfirmed, end_user, tags, started_at, ended_at, status, ...same } = row;
  return {
    ...same,
    api_key: key_id,
    spend: inDollars(cost),
    unconfirmed_spend: inDollars(unconfirmed),
    status: status as LoggedRequestDto['status'],
    user: end_user,
    tags: [...tags],
    start_time: started_at.toISOString(),
    end_time: ended_at.toISOString(),
  };
}

/** The columns of the log as CSV, in their order. */
export const LOG_COLUMNS = [
  ...(['request_id', 'start_time', 'end_time', 'api_key', 'key_alias', 'team_id', 'model', 'operation'] as const),
  ...(['images', 'credits', 'spend', 'unconfirmed_spend', 'is_priced', 'status', 'fault'] as const),
  ...(['upstream_request_id', 'user', 'tags'] as const),
];
