import type { Deployment } from '../registry/deployment.js';
import type { Account } from './account.js';
import type { DeploymentState } from './deployment-state.js';

/** A deployment with what is known of it and of its account. */
export interface Target {
  readonly deployment: Deployment;
  readonly account: Account;
  readonly state: DeploymentState;
}
