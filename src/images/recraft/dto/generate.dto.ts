import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { SIZE_PATTERN } from '../../openai/dto/generate-image.dto.js';
import { RecraftDrawingDto } from './options.dto.js';

/** Pictures to be made from words. */
export class RecraftGenerateDto extends RecraftDrawingDto {
  /** Pixels of the model's own list, or an aspect. */
  @ApiPropertyOptional({ pattern: SIZE_PATTERN.source, example: '1:1' })
  @IsOptional()
  @IsString()
  @Matches(SIZE_PATTERN, { message: 'size must be like 1024x1024 or 16:9' })
  size?: string;

  /** In Recraft's published OpenAPI document, not in its documentation. */
  @IsOptional()
  @IsIn(['upscale4mp', 'upscale16mp'])
  upscale?: 'upscale4mp' | 'upscale16mp';
}
