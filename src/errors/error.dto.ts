import { ApiProperty } from '@nestjs/swagger';

/** What went wrong. */
export class ErrorDetailsDto {
  /**
   * For people.
   * @example "The model 'foo' does not exist."
   */
  message!: string;

  /**
   * The kind of trouble.
   * @example "invalid_request_error"
   */
  type!: string;

  /** The field at fault. */
  @ApiProperty({ type: 'string', nullable: true, example: 'model' })
  param!: string | null;

  /** For programs. */
  @ApiProperty({ type: 'string', nullable: true, example: 'model_not_found' })
  code!: string | null;
}

/** OpenAI's error envelope and Recraft's flat members in one: the body of every answer that is not a success. */
export class ErrorDto {
  /** What went wrong. */
  error!: ErrorDetailsDto;

  /**
   * The same as `error.code`, where Recraft's clients look for it.
   * @example "model_not_found"
   */
  code!: string;

  /**
   * The same as `error.message`, where Recraft's clients look for it.
   * @example "The model 'foo' does not exist."
   */
  message!: string;
}
