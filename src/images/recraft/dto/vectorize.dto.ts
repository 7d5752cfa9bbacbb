import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsArray, IsIn, IsInt, IsOptional, Max, Min, Validate } from 'class-validator';
import { IsColor } from './is-color.js';
import { RetouchDto } from './retouch.dto.js';

const SWITCH = ['on', 'off'] as const;

/** How a raster picture becomes a vector one. The fields below `shape_stacking` are in Recraft's published OpenAPI document alone. */
export class VectorizeDto extends RetouchDto {
  /** Shapes that lie on each other, or next to each other. */
  @IsOptional()
  @IsIn(['hierarchical', 'cut_out'])
  shape_stacking?: 'hierarchical' | 'cut_out';

  /** Fewer colours. */
  @ApiPropertyOptional({ enum: SWITCH })
  @IsOptional()
  @IsIn(SWITCH)
  color_reduction?: (typeof SWITCH)[number];

  /** Keep to `max_num_shapes`. */
  @ApiPropertyOptional({ enum: SWITCH })
  @IsOptional()
  @IsIn(SWITCH)
  limit_num_shapes?: (typeof SWITCH)[number];

  /** Gradients. */
  @ApiPropertyOptional({ enum: SWITCH })
  @IsOptional()
  @IsIn(SWITCH)
  return_gradients?: (typeof SWITCH)[number];

  /** Leave small shapes out. */
  @ApiPropertyOptional({ enum: SWITCH })
  @IsOptional()
  @IsIn(SWITCH)
  small_shape_filter?: (typeof SWITCH)[number];

  /** A smaller file. */
  @ApiPropertyOptional({ enum: SWITCH })
  @IsOptional()
  @IsIn(SWITCH)
  svg_compression?: (typeof SWITCH)[number];

  /** Most shapes, with `limit_num_shapes`. */
  @ApiPropertyOptional({ type: 'integer' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(4_294_967_295)
  max_num_shapes?: number;

  /** The only colours to use: `[r, g, b]` each. */
  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'array', items: { type: 'integer', minimum: 0, maximum: 255 }, minItems: 3, maxItems: 3 },
  })
  @IsOptional()
  @IsArray()
  @IsArray({ each: true })
  @Validate(IsColor, { each: true })
  strict_color_palette?: number[][];
}
