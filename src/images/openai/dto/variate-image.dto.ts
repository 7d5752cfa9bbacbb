import { ApiPropertyOptional, OmitType } from '@nestjs/swagger';
import { IsOptional, IsString, Matches } from 'class-validator';
import { SIZE_PATTERN } from './generate-image.dto.js';
import { ImageOptionsDto } from './image-options.dto.js';

class WordlessOptionsDto extends OmitType(ImageOptionsDto as new () => ImageOptionsDto, ['prompt'] as const) {}

/** Pictures to be made like another. Fields not listed here go to Recraft as they are. */
export class VariateImageDto extends WordlessOptionsDto {
  /** Pixels, an aspect or `auto`, which takes the model's size nearest to the picture's shape. */
  @ApiPropertyOptional({ pattern: SIZE_PATTERN.source, default: 'auto', example: '1024x1024' })
  @IsOptional()
  @IsString()
  @Matches(SIZE_PATTERN, { message: 'size must be like 1024x1024, 16:9 or auto' })
  size?: string;

  /** Accepted, not forwarded: nothing is drawn from words here. */
  @IsOptional()
  @IsString()
  prompt?: string;
}
