import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches } from 'class-validator';
import { SIZE_PATTERN } from '../../openai/dto/generate-image.dto.js';
import { RecraftModelDto } from './options.dto.js';

/** Pictures to be made like another. */
export class VariateDto extends RecraftModelDto {
  /** Pixels of the model's own list, or an aspect. Where it is missing, the one nearest to the picture's shape. */
  @ApiPropertyOptional({ pattern: SIZE_PATTERN.source, example: '1:1' })
  @IsOptional()
  @IsString()
  @Matches(SIZE_PATTERN, { message: 'size must be like 1024x1024 or 16:9' })
  size?: string;
}
