import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { ControlsDto, TextLayoutItemDto } from './controls.dto.js';

const RESPONSE_FORMATS = ['url', 'b64_json', 'multipart'] as const;
const QUALITIES = ['auto', 'low', 'medium', 'high', 'xhigh', 'max', 'standard', 'hd'] as const;
const BACKGROUNDS = ['auto', 'opaque', 'transparent'] as const;
const OUTPUT_FORMATS = ['png', 'webp', 'svg', 'jpeg', 'gif'] as const;

export const STYLE_MATCHES = ['precise', 'flexible', 'regular'] as const;
export const CREATIVITIES = ['simple', 'standard', 'eccentric'] as const;

/** What generations and edits have in common: OpenAI's fields, then Recraft's. `null` anywhere means "not given". */
export abstract class ImageOptionsDto {
  /**
   * What the picture shows. Up to 10,000 characters on Recraft V4 and V4.1, up to 1,000 on V3 and V2.
   * @example "A beautiful sunset over a calm ocean"
   */
  @IsString()
  @IsNotEmpty()
  prompt!: string;

  /**
   * A configured name, `recraft/<model>`, or one of OpenAI's names that stands for the default. See `GET /v1/models`.
   * @example "recraft/recraftv3"
   */
  @IsOptional()
  @IsString()
  @MaxLength(256)
  model?: string;

  /** How many pictures, 1 to 6. Each is paid for. */
  @ApiPropertyOptional({ type: 'integer', default: 1, example: 2 })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(6)
  n?: number;

  /**
   * Links that Recraft keeps for about a day, the pictures themselves as base64, or a form with the files
   * (`multipart`, Recraft's; not with `stream`). A `jpeg` is made by the gateway, which has no links to it: `url` is
   * refused there. The default is base64 for OpenAI's GPT image names, for streams and for `jpeg`, and elsewhere what the
   * operator has set (`DEFAULT_RESPONSE_FORMAT`).
   */
  @ApiPropertyOptional({ enum: RESPONSE_FORMATS, default: 'url', example: 'b64_json' })
  @IsOptional()
  @IsIn(RESPONSE_FORMATS)
  response_format?: (typeof RESPONSE_FORMATS)[number];

  /**
   * A curated style of Recraft V3 or V2, by its name. OpenAI's `vivid` and `natural` are accepted and not forwarded.
   * @example "digital_illustration"
   */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  style?: string;

  /**
   * A refinement of `style` (Recraft V3 and V2, older spelling).
   * @example "hand_drawn"
   */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  substyle?: string;

  /**
   * Id of a custom style. Excludes `style`.
   * @example "8f4ae0a1-5c3e-4c0b-9d7e-0a2b6f1c9d34"
   */
  @IsOptional()
  @IsString()
  @MaxLength(100)
  style_id?: string;

  /** How closely a custom style is followed, over what the style itself says. */
  @ApiPropertyOptional({ enum: STYLE_MATCHES, example: 'flexible' })
  @IsOptional()
  @IsIn(STYLE_MATCHES)
  style_match?: (typeof STYLE_MATCHES)[number];

  /** How freely it is drawn. In Recraft's published OpenAPI document, not in its documentation. */
  @ApiPropertyOptional({ enum: CREATIVITIES, example: 'standard' })
  @IsOptional()
  @IsIn(CREATIVITIES)
  creativity?: (typeof CREATIVITIES)[number];

  /**
   * What the picture should not show. Recraft V3 and V2.
   * @example "text, watermark"
   */
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

  /** The same seed and request give the same picture again. */
  @ApiPropertyOptional({ type: 'integer', example: 42 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(4_294_967_295)
  random_seed?: number;

  /**
   * Refuse results that are not safe for work. In Recraft's published OpenAPI document, not in its documentation.
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  block_nsfw?: boolean;

  /** File format of raster pictures. Vector models always answer SVG. */
  @ApiPropertyOptional({ default: 'webp', example: 'png' })
  @IsOptional()
  @IsIn(['webp', 'png'])
  image_format?: 'webp' | 'png';

  /**
   * OpenAI's word for `image_format`. `svg` only with a vector model, the others only with a raster one. A `jpeg` is made by the gateway and comes as bytes:
   * as `b64_json`, in a form (`multipart`) or in a stream, and never as a `url`.
   */
  @ApiPropertyOptional({ enum: OUTPUT_FORMATS, example: 'png' })
  @IsOptional()
  @IsIn(OUTPUT_FORMATS)
  output_format?: (typeof OUTPUT_FORMATS)[number];

  /**
   * Answer with `features` of each picture. In Recraft's published OpenAPI document, not in its documentation.
   * @example false
   */
  @IsOptional()
  @IsBoolean()
  calculate_features?: boolean;

  /**
   * In Recraft's published OpenAPI document, not in its documentation.
   * @example true
   */
  @IsOptional()
  @IsBoolean()
  expire?: boolean;

  /**
   * Answer with server-sent events: comments while waiting, then one `…completed` event per picture. It may take longer than any
   * other answer.
   */
  @ApiPropertyOptional({ default: false, example: true })
  @IsOptional()
  @IsBoolean()
  stream?: boolean;

  /**
   * Seconds until the answer has to be there, waiting for a slot included; also as the header `x-litellm-timeout`. At most 289,
   * and with `stream` 900 unless the operator chose otherwise: more is cut, and named in `x-ignored-params`.
   */
  @ApiPropertyOptional({ example: 120 })
  @IsOptional()
  @IsNumber()
  @Min(0.001)
  timeout?: number;

  /** How often the gateway may send the request again where that surely costs nothing; also `x-litellm-num-retries`. */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(10)
  num_retries?: number;

  /** OpenAI's; accepted, not forwarded. */
  @ApiPropertyOptional({ enum: QUALITIES, example: 'high' })
  @IsOptional()
  @IsIn(QUALITIES)
  quality?: (typeof QUALITIES)[number];

  /**
   * OpenAI's; `auto` and `opaque` are accepted and not forwarded. No model makes `transparent` ones: where the operator
   * allows it (`ALLOW_SECOND_CHARGE`), an edit gets one by a second, charged operation for each picture.
   */
  @ApiPropertyOptional({ enum: BACKGROUNDS, example: 'opaque' })
  @IsOptional()
  @IsIn(BACKGROUNDS)
  background?: (typeof BACKGROUNDS)[number];

  /** OpenAI's; accepted, not forwarded. */
  @ApiPropertyOptional({ type: 'integer', example: 90 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(100)
  output_compression?: number;

  /** OpenAI's; accepted, not forwarded. */
  @ApiPropertyOptional({ type: 'integer', example: 1 })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(3)
  partial_images?: number;

  /** OpenAI's; accepted, not forwarded. */
  @ApiPropertyOptional({ example: 'auto' })
  @IsOptional()
  @IsIn(['low', 'auto'])
  moderation?: 'low' | 'auto';

  /**
   * Whom the pictures are for; kept in the ledger, not forwarded.
   * @example "customer-7"
   */
  @IsOptional()
  @IsString()
  user?: string;

  /**
   * OpenAI's; accepted, not forwarded.
   * @example "customer-7"
   */
  @IsOptional()
  @IsString()
  safety_identifier?: string;

  /** Fields to merge into this object, as a client's SDK may send them. */
  @ApiPropertyOptional({ type: 'object', additionalProperties: true, example: { style: 'digital_illustration' } })
  @IsOptional()
  @IsObject()
  extra_body?: Record<string, unknown>;
}
