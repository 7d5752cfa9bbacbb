/** The gateway takes requests. */
export class ReadinessDto {
  /** @example "healthy" */
  status!: string;
}

/** One account that answers. */
export class HealthyEndpointDto {
  /**
   * A model reached through this account.
   * @example "recraft/recraftv3"
   */
  model!: string;

  /** @example "https://external.api.recraft.ai" */
  api_base!: string;

  /**
   * What is left on the account, in API units of which 1,000 are one US dollar.
   * @example 52000
   */
  credits!: number;
}

/** One account that does not. */
export class UnhealthyEndpointDto {
  /** @example "recraft/recraftv3" */
  model!: string;

  /** @example "https://external.api.recraft.ai" */
  api_base!: string;

  /** @example "Recraft could not be reached." */
  error!: string;
}

/** The accounts behind the gateway. */
export class AccountCheckDto {
  healthy_endpoints!: HealthyEndpointDto[];

  unhealthy_endpoints!: UnhealthyEndpointDto[];

  /** @example 1 */
  healthy_count!: number;

  /** @example 0 */
  unhealthy_count!: number;
}
