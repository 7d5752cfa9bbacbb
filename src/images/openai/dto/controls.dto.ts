import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  IsObject,
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

/** A colour preference. */
export class ColorDto {
  /** Red, green and blue, 0 to 255 each. */
  @ApiProperty({
    type: 'array',
    items: { type: 'integer', minimum: 0, maximum: 255 },
    minItems: 3,
    maxItems: 3,
    example: [255, 120, 0],
  })
  @IsArray()
  @ArrayMinSize(3)
  @ArrayMaxSize(3)
  @IsInt({ each: true })
  @Min(0, { each: true })
  @Max(255, { each: true })
  rgb!: number[];

  /**
   * Share of this colour, 0 to 1. Give it for all colours or for none; together they are at most 1.
   * @example 0.4
   */
  @IsOptional()
  @IsNumber()
  @Min(0)
  @Max(1)
  weight?: number;
}

/** Preferences for colours and, on Recraft V3, for the drawing itself. */
export class ControlsDto {
  /** Colours the picture should use, ten at most. */
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(10)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => ColorDto)
  colors?: ColorDto[];

  /** Colour of the background. */
  @IsOptional()
  @ValidateNested()
  @Type(() => ColorDto)
  background_color?: ColorDto;

  /**
   * From 0 (static and clean) to 5 (dynamic and eccentric). Recraft V3 only.
   * @example 2
   */
  @ApiPropertyOptional({ type: 'integer' })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(5)
  artistic_level?: number;

  /**
   * Whether lettering is unwanted. Recraft V3 only.
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  no_text?: boolean;
}

/** One word and where it stands in the picture. */
export class TextLayoutItemDto {
  /**
   * One word, of the characters that Recraft can draw.
   * @example "HELLO"
   */
  @IsString()
  @IsNotEmpty()
  text!: string;

  /** The four corners of the word's box as `[x, y]`, relative to the picture: `[0, 0]` top left, `[1, 1]` bottom right. */
  @ApiProperty({
    type: 'array',
    items: { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 },
    minItems: 4,
    maxItems: 4,
    example: [
      [0.2, 0.2],
      [0.8, 0.2],
      [0.8, 0.4],
      [0.2, 0.4],
    ],
  })
  @IsArray()
  @ArrayMinSize(4)
  @ArrayMaxSize(4)
  @IsArray({ each: true })
  bbox!: number[][];
}
