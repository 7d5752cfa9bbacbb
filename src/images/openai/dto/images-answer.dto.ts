import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** One picture. */
export class PictureDto {
  /** Recraft's id of the picture. */
  @ApiPropertyOptional({ format: 'uuid' })
  image_id?: string;

  /** A link, public and good for about a day. With `response_format: url`. */
  @ApiPropertyOptional({ format: 'uri' })
  url?: string;

  /** The file itself. With `response_format: b64_json`. */
  @ApiPropertyOptional({ format: 'byte' })
  b64_json?: string;

  /** The prompt as Recraft changed it, where it did. */
  revised_prompt?: string;
}

/** Pictures, with what Recraft says about them. */
export class ImagesAnswerDto {
  /** When Recraft answered, in Unix seconds. */
  @ApiProperty({ type: 'integer', example: 1_763_800_000 })
  created!: number;

  /**
   * What Recraft charged, in API units of which 1,000 are one US dollar.
   * @example 40
   */
  credits?: number;

  /** The pictures, one at least. */
  data!: PictureDto[];

  /** The style made from style references, where some were sent. */
  @ApiPropertyOptional({ format: 'uuid' })
  style_id?: string;
}
