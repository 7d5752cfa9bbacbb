import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { ControlsDto } from '../../openai/dto/controls.dto.js';

const MATCHES = ['precise', 'flexible', 'regular'] as const;
const MIX_POLICIES = ['PaletteMatch', 'MaxWeight'] as const;

/** A style to be made from pictures, sent as `files` or as `image_urls`. */
export class CreateStyleDto {
  /**
   * The model that the style is bound to, by a configured name or Recraft's own, with or without `recraft/`: any that takes
   * styles. Without it: `recraftv4_styles`, where an account reaches it.
   * @example "recraftv4_styles"
   */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  model?: string;

  /** How closely the style is followed: `precise` or `flexible` on Recraft V4 and V4.1, `regular` on V3 and V2. */
  @ApiPropertyOptional({ enum: MATCHES })
  @IsOptional()
  @IsIn(MATCHES)
  match?: (typeof MATCHES)[number];

  /**
   * The style it starts from: `any` or, of a vector model, `vector_illustration`; on Recraft V3 and V2 also
   * `realistic_image`, `digital_illustration`, on V3 `logo_raster` and on V2 `icon`.
   * @example "any"
   */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  style?: string;

  /** One for each picture. */
  @ApiPropertyOptional({ type: [Number], example: [] })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsNumber({}, { each: true })
  image_weights?: number[];

  /** Ids of styles to mix. Recraft V3 and V2. */
  @ApiPropertyOptional({ type: [String], example: [] })
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  source_styles?: string[];

  /** One for each of `source_styles`. */
  @ApiPropertyOptional({ type: [Number], example: [] })
  @IsOptional()
  @IsArray()
  @IsNumber({}, { each: true })
  source_style_weights?: number[];

  /** How styles are mixed. Recraft V3 and V2. */
  @ApiPropertyOptional({ enum: MIX_POLICIES })
  @IsOptional()
  @IsIn(MIX_POLICIES)
  mix_policy?: (typeof MIX_POLICIES)[number];

  /** Colours that belong to the style. */
  @IsOptional()
  @IsObject()
  @ValidateNested()
  @Type(() => ControlsDto)
  palette?: ControlsDto;

  /** Words that belong to the style. */
  @IsOptional()
  @IsString()
  @MaxLength(10_000)
  prompt?: string;

  /** In Recraft's published OpenAPI document, not in its documentation. */
  @IsOptional()
  @IsBoolean()
  private?: boolean;
}

/** A style. */
export class StyleDto {
  /** Give it as `style_id`. */
  @ApiPropertyOptional({ format: 'uuid' })
  id!: string;

  /**
   * The style it started from.
   * @example "any"
   */
  style?: string;

  /** The refinement it started from. */
  substyle?: string;

  /**
   * The model it is bound to.
   * @example "recraftv4_styles"
   */
  model?: string;

  /** When it was made. */
  @ApiPropertyOptional({ format: 'date-time' })
  creation_time?: string;

  /** Whether it belongs to this account alone. */
  is_private?: boolean;

  /** What Recraft charged, in API units. */
  @ApiPropertyOptional({ type: 'integer', example: 5 })
  credits?: number;
}

/** Styles. */
export class StylesDto {
  /** All of them. */
  styles!: StyleDto[];
}

/** A curated style. */
export class BasicStyleDto {
  /** Its id. */
  @ApiPropertyOptional({ format: 'uuid' })
  style_id!: string;

  /**
   * Give it as `style`.
   * @example "Photorealism"
   */
  style!: string;

  /**
   * The model that has it.
   * @example "recraftv3"
   */
  model!: string;
}

/** Curated styles. */
export class BasicStylesDto {
  /** All of them. */
  styles!: BasicStyleDto[];
}
