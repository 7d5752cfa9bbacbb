import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsInt, IsOptional, Max, Min } from 'class-validator';
import { IsLabel } from './checks.js';

/** The key that is asked about. */
export class KeyInfoQueryDto {
  /** The key, or its digest. Left out: the key of the request. */
  @IsOptional()
  @IsLabel(300)
  key?: string;
}

/** Which keys to list, and how. */
export class ListKeysQueryDto {
  /** The page, from 1. */
  @ApiPropertyOptional({ type: 'integer', default: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  page?: number;

  /** Keys on a page. */
  @ApiPropertyOptional({ type: 'integer', default: 10 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100)
  size?: number;

  /** Keys of this team. */
  @IsOptional()
  @IsLabel(200)
  team_id?: string;

  /** The key with this alias. */
  @IsOptional()
  @IsLabel(200)
  key_alias?: string;

  /** Keys of this user. */
  @IsOptional()
  @IsLabel(200)
  user_id?: string;

  /** Only keys that are blocked (`true`), or are not (`false`). Left out: both. */
  @IsOptional()
  @IsBoolean()
  blocked?: boolean;

  /** Only keys that have expired (`true`), or have not (`false`). Left out: both. */
  @IsOptional()
  @IsBoolean()
  expired?: boolean;

  /** Whole keys instead of their digests. */
  @ApiPropertyOptional({ default: false })
  @IsOptional()
  @IsBoolean()
  return_full_object?: boolean;
}
