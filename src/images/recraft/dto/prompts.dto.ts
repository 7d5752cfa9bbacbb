import { ApiProperty } from '@nestjs/swagger';
import { IsNotEmpty, IsString, MaxLength } from 'class-validator';

/** A prompt to be made richer. */
export class EnhancePromptDto {
  /**
   * 1 to 2,000 characters.
   * @example "a fox in snow"
   */
  @IsString()
  @IsNotEmpty()
  @MaxLength(2_000)
  prompt!: string;
}

/** The richer prompt. */
export class EnhancedPromptDto {
  /**
   * The prompt with more detail.
   * @example "A red fox asleep in fresh snow, soft morning light, flat illustration"
   */
  enhanced_prompt!: string;

  /** What Recraft charged, in API units. */
  @ApiProperty({ type: 'integer', example: 10 })
  credits!: number;
}
