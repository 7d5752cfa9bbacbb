import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsLabel } from '../keys/dto/checks.js';
import { PeriodQueryDto } from '../spend/usage/spend-query.dto.js';

/** Which changes to list. */
export class AuditQueryDto extends PeriodQueryDto {
  /** Changes that this one made: `master`, whom `litellm-changed-by` named, or `configuration`. */
  @IsOptional()
  @IsLabel(200)
  actor?: string;

  /**
   * Changes of this kind.
   * @example "key.generate"
   */
  @IsOptional()
  @IsLabel(100)
  action?: string;

  /** Changes of this key or team. */
  @IsOptional()
  @IsLabel(200)
  subject?: string;

  /** The page, from 1. */
  @ApiPropertyOptional({ type: 'integer', default: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  page?: number;

  /** Changes on a page. */
  @ApiPropertyOptional({ type: 'integer', default: 100 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000)
  page_size?: number;
}

/** A change that somebody with the master key made. */
export class AuditEntryDto {
  /** Counts up with each change. */
  @ApiProperty({ type: 'integer', example: 17 })
  id!: number;
  /**
   * When.
   * @example "2026-01-31T12:00:00.000Z"
   */
  at!: string;
  /**
   * Who: `master`, whom `litellm-changed-by` named, or `configuration` where the file of configured keys changed.
   * @example "master"
   */
  actor!: string;
  /**
   * What was done.
   * @example "key.update"
   */
  action!: string;
  /**
   * To which key or team.
   * @example "e7cf3ef4f17c3999a94f2c6f612e8a888e5b1026878e4e19398b23bd38ec221a"
   */
  subject!: string;
  /** How it was before, without secrets; null where there was nothing. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: { max_budget: 10 } })
  before!: Record<string, unknown> | null;
  /** How it is since, without secrets; null where there is nothing left. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true, example: { max_budget: 20 } })
  after!: Record<string, unknown> | null;
}

/** A page of changes, the newest first. */
export class AuditPageDto {
  /** The changes. */
  data!: AuditEntryDto[];
  /** How many there are on all pages. */
  @ApiProperty({ type: 'integer', example: 1 })
  total!: number;
  /** This page, from 1. */
  @ApiProperty({ type: 'integer', example: 1 })
  page!: number;
  /** Changes on a page. */
  @ApiProperty({ type: 'integer', example: 100 })
  page_size!: number;
  /** Pages there are. */
  @ApiProperty({ type: 'integer', example: 1 })
  total_pages!: number;
}
