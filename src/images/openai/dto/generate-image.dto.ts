import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsOptional, IsString, Matches } from 'class-validator';
import { ImageOptionsDto } from './image-options.dto.js';

export const SIZE_PATTERN = /^(auto|[1-9]\d{0,4}x[1-9]\d{0,4}|[1-9]\d{0,2}:[1-9]\d{0,2})$/;

/** A picture to be made from words. Fields not listed here go to Recraft as they are. */
export class GenerateImageDto extends ImageOptionsDto {
  /**
   * Pixels (`1024x1024`), an aspect (`16:9`) or `auto`, which leaves it to the model. OpenAI's sizes become the model's
   * nearest of the same orientation; other sizes have to be the model's own (`GET /v1/model/info` lists them).
   */
  @ApiPropertyOptional({ pattern: SIZE_PATTERN.source, default: 'auto', example: '1024x1024' })
  @IsOptional()
  @IsString()
  @Matches(SIZE_PATTERN, { message: 'size must be like 1024x1024, 16:9 or auto' })
  size?: string;
}
