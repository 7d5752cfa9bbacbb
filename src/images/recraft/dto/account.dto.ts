import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** The account at Recraft. */
export class AccountDto {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  /** API units that are left, of which 1,000 are one US dollar. */
  @ApiProperty({ type: 'integer', example: 99_500 })
  credits!: number;

  @ApiPropertyOptional({ format: 'email' })
  email?: string;

  name?: string;
}

/** Whether Recraft works. */
export class StatusDto {
  service!: boolean;

  generation!: boolean;
}
