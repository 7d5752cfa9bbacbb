import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  IsUUID,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { ControlsDto } from '../../openai/dto/controls.dto.js';
import { SIZE_PATTERN } from '../../openai/dto/generate-image.dto.js';
import { RecraftOptionsDto } from './options.dto.js';

/** Sketches to be made from words. */
export class ExploreDto extends RecraftOptionsDto {
  /**
   * What the sketches show.
   * @example "a logo for a bakery"
   */
  @IsString()
  @IsNotEmpty()
  prompt!: string;

  /** Pixels of the model's own list, or an aspect. */
  @ApiPropertyOptional({ pattern: SIZE_PATTERN.source, default: '1:1' })
  @IsOptional()
  @IsString()
  @Matches(SIZE_PATTERN, { message: 'size must be like 1024x1024 or 16:9' })
  size?: string;

  /** Preferred colours. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ControlsDto)
  controls?: ControlsDto;

  /** Refuse results that are not safe for work. */
  @IsOptional()
  @IsBoolean()
  block_nsfw?: boolean;
}

/** Sketches to be made like an earlier one. */
export class ExploreSimilarDto extends RecraftOptionsDto {
  /** `image_id` of a sketch that `POST /v1/images/explore` answered with. */
  @ApiProperty({ format: 'uuid', example: '0f4e7a52-6c1d-4b83-9e2a-5d7c81b09f36' })
  @IsUUID('loose')
  source_image_id!: string;

  /** 1: a little like it; 5: extremely. */
  @ApiProperty({ type: 'integer', example: 3 })
  @IsInt()
  @Min(1)
  @Max(5)
  similarity!: number;

  /** Refuse results that are not safe for work. */
  @IsOptional()
  @IsBoolean()
  block_nsfw?: boolean;
}
