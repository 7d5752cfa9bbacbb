import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import type { Deployment } from '../registry/deployment.js';
import { Accounts } from './accounts.js';
import { DeploymentState } from './deployment-state.js';
import type { Target } from './target.js';

/** Finds what is known of a deployment. Those of one id, such as what a wildcard leads to, are one. */
@Injectable()
export class Targets {
  private readonly byDeployment = new WeakMap<Deployment, Target>();
  private readonly states = new Map<string, DeploymentState>();

  constructor(
    @Inject(Settings) private readonly settings: Settings,
    @Inject(Accounts) private readonly accounts: Accounts,
  ) {}

  of(deployment: Deployment): Target {
    let target = this.byDeployment.get(deployment);
    if (!target) {
      target = { deployment, account: this.accounts.of(deployment), state: this.stateOf(deployment) };
      this.byDeployment.set(deployment, target);
    }
    return target;
  }

  private stateOf({ id, cooldownMs }: Deployment): DeploymentState {
    let state = this.states.get(id);
    if (!state) {
      const { cooldown } = this.settings.routing;
      state = new DeploymentState({ ...cooldown, ms: cooldownMs ?? cooldown.ms });
      this.states.set(id, state);
    }
    return state;
  }
}
