import { ApiProperty } from '@nestjs/swagger';
import { PictureDto } from '../../openai/dto/images-answer.dto.js';

/** One picture, with what Recraft says about it. */
export class PictureAnswerDto {
  /** When Recraft answered, in Unix seconds. */
  @ApiProperty({ type: 'integer', example: 1_763_800_000 })
  created!: number;

  /** What Recraft charged, in API units of which 1,000 are one US dollar. */
  @ApiProperty({ type: 'integer', example: 10 })
  credits!: number;

  /** The picture. */
  image!: PictureDto;
}
