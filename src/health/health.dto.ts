import { ApiProperty } from '@nestjs/swagger';

/** The gateway takes requests. */
export class ReadinessDto {
  /**
   * Always `healthy`.
   * @example "healthy"
   */
  status!: string;

  /**
   * Whether the database answers. Without it what costs money is answered 503, and this pod is no worse than the others.
   * @example "connected"
   */
  db!: 'connected' | 'disconnected' | 'none';
}

/** One account that answers. */
export class HealthyEndpointDto {
  /**
   * A model reached through this account.
   * @example "recraft/recraftv3"
   */
  model!: string;

  /**
   * Address of the provider's API.
   * @example "https://external.api.recraft.ai"
   */
  api_base?: string;

  /**
   * What is left on the account, in API units of which 1,000 are one US dollar.
   * @example 52000
   */
  credits?: number;
}

/** One account that does not. */
export class UnhealthyEndpointDto {
  /**
   * A model reached through this account.
   * @example "recraft/recraftv3"
   */
  model!: string;

  /**
   * Address of the provider's API.
   * @example "https://external.api.recraft.ai"
   */
  api_base?: string;

  /**
   * Why it does not.
   * @example "Recraft could not be reached."
   */
  error!: string;
}

/** The accounts behind the gateway. */
export class AccountCheckDto {
  /** Accounts that answer and have money left, each once. */
  healthy_endpoints!: HealthyEndpointDto[];

  /**
   * The others.
   * @example []
   */
  unhealthy_endpoints!: UnhealthyEndpointDto[];

  /** How many answer and have money left. */
  @ApiProperty({ type: 'integer', example: 1 })
  healthy_count!: number;

  /** How many do not. */
  @ApiProperty({ type: 'integer', example: 0 })
  unhealthy_count!: number;
}
