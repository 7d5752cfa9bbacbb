import { ApiProperty } from '@nestjs/swagger';
import { IsNumber, Max, Min } from 'class-validator';
import { RecraftDrawingDto } from './options.dto.js';

/** How a picture is to be changed. */
export class ImageToImageDto extends RecraftDrawingDto {
  /** How far the result may leave the source: 0 almost the same, 1 barely like it. */
  @ApiProperty({ example: 0.5 })
  @IsNumber({}, { message: 'strength must be a number' })
  @Min(0)
  @Max(1)
  strength!: number;
}
