import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Max, Min } from 'class-validator';
import { OPERATIONS } from '../operations.js';
import { IsDollars, IsLabel, IsLabels, IsMetadata, IsModelNames, IsNameMap, IsRoutes } from './checks.js';

/** More than anybody spends, and exact as micro-dollars. */
export const LARGEST_BUDGET = 1_000_000_000;
export const LARGEST_LIMIT = 1_000_000;

/** Budget and limits: what a key has of its own, and a team for all its keys together. */
export class AllowanceDto {
  /**
   * Most that may be spent, in US dollars; more is answered 429 `budget_exceeded`.
   * @example 25
   */
  @IsOptional()
  @IsDollars()
  @Min(0)
  @Max(LARGEST_BUDGET)
  max_budget?: number;

  /**
   * US dollars from which on the operator is warned. It stops nothing.
   * @example 20
   */
  @IsOptional()
  @IsDollars()
  @Min(0)
  @Max(LARGEST_BUDGET)
  soft_budget?: number;

  /**
   * After which time the budget starts again: `30s`, `30m`, `30h`, `30d`, `1w`, `1mo`. Without it: never.
   * @example "1mo"
   */
  @IsOptional()
  @IsString()
  budget_duration?: string;

  /** Most requests in any 60 seconds. */
  @ApiPropertyOptional({ type: 'integer', example: 60 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(LARGEST_LIMIT)
  rpm_limit?: number;

  /** Most pictures in any 60 seconds. */
  @ApiPropertyOptional({ type: 'integer', example: 100 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(LARGEST_LIMIT)
  ipm_limit?: number;

  /** Most requests at a time. */
  @ApiPropertyOptional({ type: 'integer', example: 5 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(LARGEST_LIMIT)
  max_parallel_requests?: number;

  /**
   * Models that may be used: configured names, aliases, `recraft/<model>`, each with at most one `*`. Empty: all.
   * @example ["recraft/recraftv3", "gpt-image-1"]
   */
  @IsOptional()
  @IsModelNames()
  models?: string[];

  /** Refused from now on, and within a second everywhere. */
  @IsOptional()
  @IsBoolean()
  blocked?: boolean;

  /**
   * Whatever you want to keep with it: at most 16,384 characters as JSON.
   * @example { "cost_centre": "4711" }
   */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true })
  @IsOptional()
  @IsMetadata(16_384)
  metadata?: Record<string, unknown>;
}

/** What a key is and may do. */
export class KeyFieldsDto extends AllowanceDto {
  /**
   * What lists, logs and reports call the key; no two keys have the same.
   * @example "web-shop"
   */
  @IsOptional()
  @IsLabel(200)
  key_alias?: string;

  /**
   * How long the key works from now on: `30s`, `30m`, `30h`, `30d`, `1w`, `1mo`. Without it: for ever.
   * @example "30d"
   */
  @IsOptional()
  @IsString()
  duration?: string;

  /**
   * The team whose budget, limits and models hold for the key as well.
   * @example "design"
   */
  @IsOptional()
  @IsLabel(200)
  team_id?: string;

  /**
   * Whose key it is. Kept, and good for filtering.
   * @example "ada"
   */
  @IsOptional()
  @IsLabel(200)
  user_id?: string;

  /**
   * The key's own names for models.
   * @example { "house-style": "recraft/recraftv3" }
   */
  @ApiPropertyOptional({ type: 'object', additionalProperties: { type: 'string' } })
  @IsOptional()
  @IsNameMap(100)
  aliases?: Record<string, string>;

  /**
   * Paths that may be called, each with at most one `*`, or `llm_api_routes`, `openai_routes`, `info_routes`. Empty: all
   * that do not want the master key.
   * @example ["/v1/images/*", "/v1/models"]
   */
  @IsOptional()
  @IsRoutes()
  allowed_routes?: string[];

  /** What may be done. Empty: everything. */
  @ApiPropertyOptional({ type: [String], enum: OPERATIONS, example: ['generate', 'vectorize'] })
  @IsOptional()
  @IsLabels(100)
  @IsIn(OPERATIONS, { each: true })
  operations?: string[];

  /**
   * What the key's requests are filed under in the ledger.
   * @example ["shop", "season-24"]
   */
  @IsOptional()
  @IsLabels(50)
  tags?: string[];

  /** Where requests have to wait, those of `interactive` keys go before those of `batch` keys. */
  @ApiPropertyOptional({ enum: ['interactive', 'batch'], default: 'interactive' })
  @IsOptional()
  @IsIn(['interactive', 'batch'])
  priority?: 'interactive' | 'batch';

  /** Share of the slots among keys that wait: twice the weight, twice the requests. */
  @ApiPropertyOptional({ type: 'integer', default: 1, example: 10 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100)
  weight?: number;
}
