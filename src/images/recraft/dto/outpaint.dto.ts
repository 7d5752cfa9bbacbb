import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsNumber, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { SIZE_PATTERN } from '../../openai/dto/generate-image.dto.js';
import { RecraftDrawingDto } from './options.dto.js';

/** How a picture is to grow: by its sides, to a size, or by a smaller source. */
export class OutpaintDto extends RecraftDrawingDto {
  /** Pixels to add on the left. */
  @ApiPropertyOptional({ type: 'integer', default: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(4_096)
  expand_left?: number;

  /** Pixels to add on the right. */
  @ApiPropertyOptional({ type: 'integer', default: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(4_096)
  expand_right?: number;

  /** Pixels to add above. */
  @ApiPropertyOptional({ type: 'integer', default: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(4_096)
  expand_top?: number;

  /** Pixels to add below. */
  @ApiPropertyOptional({ type: 'integer', default: 0 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(4_096)
  expand_bottom?: number;

  /** Size of the result, in which the source is placed. Excludes `expand_…`. */
  @ApiPropertyOptional({ pattern: SIZE_PATTERN.source, example: '16:9' })
  @IsOptional()
  @IsString()
  @Matches(SIZE_PATTERN, { message: 'size must be like 1024x1024 or 16:9' })
  size?: string;

  /** How much smaller the source becomes first: 0 to below 100. */
  @ApiPropertyOptional({ default: 0 })
  @IsOptional()
  @IsNumber({}, { message: 'zoom_out_percentage must be a number' })
  @Min(0)
  @Max(100)
  zoom_out_percentage?: number;
}
