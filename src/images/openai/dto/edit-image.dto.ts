import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsNumber, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { SIZE_PATTERN } from './generate-image.dto.js';
import { ImageOptionsDto } from './image-options.dto.js';

/** How a picture is to be changed. Fields not listed here go to Recraft as they are. */
export class EditImageDto extends ImageOptionsDto {
  /**
   * How far the result may leave the source: 0 almost the same, 1 barely like it.
   */
  @ApiPropertyOptional({ default: 0.2, example: 0.5 })
  @IsOptional()
  @IsNumber({}, { message: 'strength must be a number' })
  @Min(0)
  @Max(1)
  strength?: number;

  /** Pixels, an aspect or `auto`: accepted, not forwarded, as the result has the source's proportions. */
  @ApiPropertyOptional({ pattern: SIZE_PATTERN.source, example: '1024x1024' })
  @IsOptional()
  @IsString()
  @Matches(SIZE_PATTERN, { message: 'size must be like 1024x1024, 16:9 or auto' })
  size?: string;

  /** OpenAI's; accepted, not forwarded. */
  @ApiPropertyOptional({ example: 'high' })
  @IsOptional()
  @IsIn(['low', 'high'])
  input_fidelity?: 'low' | 'high';
}
