import { ApiProperty } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

/** A colour, and how much of it there is. */
export class WeightedColorDto {
  /**
   * Red, green and blue.
   * @example "#1e90ff"
   */
  @IsString()
  @Matches(/^#?[0-9a-fA-F]{6}$/, { message: 'hex must be like #1e90ff' })
  hex!: string;

  /**
   * How much of it there is, beside the others.
   * @example 0.4
   */
  @IsOptional()
  @IsNumber()
  @Min(0)
  weight?: number;
}

/** Colours to be reduced. */
export class OptimizeColorsDto {
  /** The colours there are. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(1_000)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => WeightedColorDto)
  colors!: WeightedColorDto[];

  /** How many are to be left. */
  @ApiProperty({ type: 'integer', example: 4 })
  @IsInt()
  @Min(1)
  @Max(1_000)
  num_colors_limit!: number;
}

/** What a colour becomes. */
export class ColorChangeDto {
  /**
   * As it was given.
   * @example "#1e90ff"
   */
  from!: string;

  /**
   * The one that stands for it.
   * @example "#1e88e5"
   */
  to!: string;
}

/** What each colour becomes. */
export class OptimizedColorsDto {
  /** One entry for each colour. */
  mapping!: ColorChangeDto[];

  /** What Recraft charged, in API units. */
  @ApiProperty({ type: 'integer', example: 0 })
  credits!: number;
}
