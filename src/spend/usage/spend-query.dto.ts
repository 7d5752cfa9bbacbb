import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsLabel } from '../../keys/dto/checks.js';
import { GROUPINGS, type Grouping } from './spend-sums.js';

/** From when until when. */
export class PeriodQueryDto {
  /**
   * The first day, in UTC, or an instant.
   * @example "2026-01-01"
   */
  @IsOptional()
  @IsLabel(40)
  start_date?: string;

  /**
   * The last day, in UTC, or the instant before which it ends.
   * @example "2026-01-31"
   */
  @IsOptional()
  @IsLabel(40)
  end_date?: string;
}

/** What to add up. */
export class ReportQueryDto extends PeriodQueryDto {
  /** By what the sums are made. */
  @ApiPropertyOptional({ enum: GROUPINGS, default: 'day' })
  @IsOptional()
  @IsIn(GROUPINGS)
  group_by?: Grouping;
}

/** Which requests to list. */
export class LogsQueryDto extends PeriodQueryDto {
  /** Requests of this key: the key itself, its digest or its alias. */
  @IsOptional()
  @IsLabel(300)
  api_key?: string;

  /** Requests of this team's keys. */
  @IsOptional()
  @IsLabel(200)
  team_id?: string;

  /**
   * Requests that this model of Recraft's served.
   * @example "recraftv3"
   */
  @IsOptional()
  @IsLabel(200)
  model?: string;

  /**
   * Requests for this operation.
   * @example "generate"
   */
  @IsOptional()
  @IsLabel(100)
  operation?: string;

  /** How they ended. */
  @IsOptional()
  @IsIn(['success', 'failure', 'possibly_charged'])
  status?: 'success' | 'failure' | 'possibly_charged';

  /** Requests for this `user`. */
  @IsOptional()
  @IsLabel(256)
  user?: string;

  /** Requests with this tag. */
  @IsOptional()
  @IsLabel(256)
  tag?: string;

  /** The request with this `x-request-id`. */
  @IsOptional()
  @IsLabel(128)
  request_id?: string;

  /** The page, from 1. */
  @ApiPropertyOptional({ type: 'integer', default: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  page?: number;

  /** Requests on a page. */
  @ApiPropertyOptional({ type: 'integer', default: 100 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(10_000)
  page_size?: number;
}
