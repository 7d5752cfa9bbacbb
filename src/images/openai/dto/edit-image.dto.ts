import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsNumber, IsOptional, IsString, Max, Min } from 'class-validator';
import { ImageOptionsDto } from './image-options.dto.js';

/** How a picture is to be changed. Fields not listed here go to Recraft as they are. */
export class EditImageDto extends ImageOptionsDto {
  /**
   * How far the result may leave the source: 0 almost the same, 1 barely like it.
   */
  @ApiPropertyOptional({ default: 0.2, example: 0.5 })
  @IsOptional()
  @IsNumber({}, { message: 'strength must be a number' })
  @Min(0)
  @Max(1)
  strength?: number;

  /** Accepted, not forwarded: the result has the source's proportions. */
  @IsOptional()
  @IsString()
  size?: string;

  /** OpenAI's; accepted, not forwarded. */
  @IsOptional()
  @IsIn(['low', 'high'])
  input_fidelity?: 'low' | 'high';
}
