import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { LOG_LEVELS } from '../config/environment.js';

/** How much is logged. */
export class LogLevelDto {
  /** The least severe lines that are logged. */
  @ApiProperty({ enum: LOG_LEVELS, example: 'debug' })
  @IsIn(LOG_LEVELS)
  level!: (typeof LOG_LEVELS)[number];
}
