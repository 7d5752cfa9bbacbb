import { Inject, Injectable } from '@nestjs/common';
import { GatewayError } from '../errors/gateway-error.js';
import { toGatewayError } from '../errors/to-gateway-error.js';
import { accountOf, type Deployment } from '../registry/deployment.js';
import { ModelRegistry } from '../registry/model-registry.js';
import { Accounts } from '../routing/accounts.js';
import type { AccountCheckDto, HealthyEndpointDto, UnhealthyEndpointDto } from './health.dto.js';

const FRESH_MS = 10_000;

/** Asks the accounts behind the deployments how they are, each account once. */
@Injectable()
export class AccountCheck {
  private latest: { askedAt: number; answer: Promise<AccountCheckDto> } | undefined;

  constructor(
    private readonly registry: ModelRegistry,
    @Inject(Accounts) private readonly accounts: Accounts,
  ) {}

  /** The state of the accounts, at most ten seconds old: whoever asks often costs Recraft nothing more. */
  check(): Promise<AccountCheckDto> {
    const now = performance.now();
    if (!this.latest || now - this.latest.askedAt > FRESH_MS) this.latest = { askedAt: now, answer: this.askAll() };
    return this.latest.answer;
  }

  private async askAll(): Promise<AccountCheckDto> {
    const answers = await Promise.all(this.oneOfEach().map((deployment) => this.ask(deployment)));
    const healthy = answers.filter((answer) => !('error' in answer));
    const unhealthy = answers.filter((answer) => 'error' in answer);
    return {
      healthy_endpoints: healthy,
      unhealthy_endpoints: unhealthy,
      healthy_count: healthy.length,
      unhealthy_count: unhealthy.length,
    };
  }

  private async ask(deployment: Deployment): Promise<HealthyEndpointDto | UnhealthyEndpointDto> {
    const about = { model: `recraft/${deployment.model}`, api_base: deployment.apiBase };
    try {
      const { credits } = await this.accounts.of(deployment).balance();
      if (credits <= 0) throw new GatewayError('quotaExhausted', 'The account has no API units left.');
      return { ...about, credits };
    } catch (error) {
      return { ...about, error: toGatewayError(error).message };
    }
  }

  private oneOfEach(): Deployment[] {
    const byAccount = new Map<string, Deployment>();
    for (const deployment of this.registry.deployments()) {
      const account = accountOf(deployment);
      if (!byAccount.has(account)) byAccount.set(account, deployment);
    }
    return [...byAccount.values()];
  }
}
