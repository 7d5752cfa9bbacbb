import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsIn, IsOptional, IsString, Matches } from 'class-validator';
import { STYLE_REFERENCES } from '../edit-slots.js';
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

  /**
   * Pictures whose style is taken over, as https links or base64 data URLs: PNG, JPEG or WebP, below 10 MB each. Recraft makes a
   * style of them for 5 units (0.005 US dollars), whose id is in the answer. Excludes `style_id`.
   */
  @ApiPropertyOptional({
    type: 'array',
    items: { type: 'string', pattern: '^(https?://|data:)' },
    minItems: 1,
    maxItems: STYLE_REFERENCES.most,
    example: ['https://example.com/house.png'],
  })
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(STYLE_REFERENCES.most)
  @Matches(/^(https?:\/\/|data:)/i, { each: true, message: 'style_reference_urls must be https links or data URLs' })
  style_reference_urls?: string[];

  /**
   * In Recraft's published OpenAPI document, not in its documentation.
   * @example 'upscale4mp'
   */
  @IsOptional()
  @IsIn(['upscale4mp', 'upscale16mp'])
  upscale?: 'upscale4mp' | 'upscale16mp';
}
