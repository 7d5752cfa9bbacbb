import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { ControlsDto, TextLayoutItemDto } from '../../openai/dto/controls.dto.js';
import { CREATIVITIES, STYLE_MATCHES } from '../../openai/dto/image-options.dto.js';

const RESPONSE_FORMATS = ['url', 'b64_json', 'multipart'] as const;

/** How pictures come back. `null` anywhere means "not given". */
export abstract class RecraftOptionsDto {
  /**
   * A configured name, or Recraft's own name of a model, with or without `recraft/`. Work that needs no model is done by
   * the account behind it.
   * @example "recraftv3"
   */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  model?: string;

  /** Links that Recraft keeps for about a day, base64, or the files themselves in a form. */
  @ApiPropertyOptional({ enum: RESPONSE_FORMATS, default: 'url' })
  @IsOptional()
  @IsIn(RESPONSE_FORMATS)
  response_format?: (typeof RESPONSE_FORMATS)[number];

  /** File format of raster pictures. Vector ones are always SVG. */
  @ApiPropertyOptional({ default: 'webp' })
  @IsOptional()
  @IsIn(['webp', 'png'])
  image_format?: 'webp' | 'png';

  /** In Recraft's published OpenAPI document, not in its documentation. */
  @IsOptional()
  @IsBoolean()
  expire?: boolean;
}

/** What several pictures of a model have in common. */
export abstract class RecraftModelDto extends RecraftOptionsDto {
  /** How many pictures, 1 to 6. Each is paid for. */
  @ApiPropertyOptional({ type: 'integer', default: 1 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(6)
  n?: number;

  /** The same seed and request give the same picture again. */
  @ApiPropertyOptional({ type: 'integer', example: 42 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(4_294_967_295)
  random_seed?: number;

  /** Refuse results that are not safe for work. In Recraft's published OpenAPI document, not in its documentation. */
  @IsOptional()
  @IsBoolean()
  block_nsfw?: boolean;

  /** Answer with `features` of each picture. In Recraft's published OpenAPI document, not in its documentation. */
  @IsOptional()
  @IsBoolean()
  calculate_features?: boolean;
}

/** What is drawn from words. */
export abstract class RecraftDrawingDto extends RecraftModelDto {
  /**
   * What the picture shows. Up to 10,000 characters on Recraft V4 and V4.1, up to 1,000 on V3 and V2.
   * @example "a red fox asleep in fresh snow"
   */
  @IsString()
  @IsNotEmpty()
  prompt!: string;

  /**
   * A curated style of Recraft V3 or V2, by its name.
   * @example "digital_illustration"
   */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  style?: string;

  /** A refinement of `style` (Recraft V3 and V2, older spelling). */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  substyle?: string;

  /** Id of a custom style. Excludes `style`. */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  style_id?: string;

  /** How closely a custom style is followed, over what the style itself says. */
  @ApiPropertyOptional({ enum: STYLE_MATCHES })
  @IsOptional()
  @IsIn(STYLE_MATCHES)
  style_match?: (typeof STYLE_MATCHES)[number];

  /** What the picture should not show. Recraft V3 and V2. */
  @IsOptional()
  @IsString()
  @MaxLength(10_000)
  negative_prompt?: string;

  /** Preferred colours and, on Recraft V3, how the picture is drawn. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ControlsDto)
  controls?: ControlsDto;

  /** Words and where they stand in the picture. Recraft V3 only. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(100)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => TextLayoutItemDto)
  text_layout?: TextLayoutItemDto[];

  /** In Recraft's published OpenAPI document, not in its documentation. */
  @ApiPropertyOptional({ enum: CREATIVITIES })
  @IsOptional()
  @IsIn(CREATIVITIES)
  creativity?: (typeof CREATIVITIES)[number];
}
