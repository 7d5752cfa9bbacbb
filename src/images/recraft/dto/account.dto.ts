import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** The account at Recraft. */
export class AccountDto {
  /** Recraft's id of the account. */
  @ApiProperty({ format: 'uuid' })
  id!: string;

  /** API units that are left, of which 1,000 are one US dollar. */
  @ApiProperty({ type: 'integer', example: 99_500 })
  credits!: number;

  /** The account's address; for the master key alone. */
  @ApiPropertyOptional({ format: 'email' })
  email?: string;

  /** The account's name; for the master key alone. */
  name?: string;
}

/** Whether Recraft works. */
export class StatusDto {
  /** Whether it answers. */
  service!: boolean;

  /** Whether it makes pictures. */
  generation!: boolean;
}
