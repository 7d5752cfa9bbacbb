import { Injectable } from '@nestjs/common';
import type { Deployment } from '../registry/deployment.js';
import type { ModelGroup } from '../registry/model-group.js';
import type { CallRecord } from '../telemetry/call-record.js';
import { DeploymentChooser } from './deployment-chooser.js';

/** One request on its way to one of the deployments of its group. */
export interface Dispatch {
  /** The deployment that would serve the request now: what it is checked against and priced by. */
  readonly deployment: Deployment;
  /** Sends it: `attempt` is called with a deployment once that has room. */
  run<T>(attempt: (deployment: Deployment) => Promise<T>): Promise<T>;
}

/** Decides which deployment of a group a request goes to, and when. */
@Injectable()
export class Dispatcher {
  constructor(private readonly chooser: DeploymentChooser) {}

  /** @throws GatewayError where no deployment can be had */
  open(group: ModelGroup, operation: string, call: CallRecord): Dispatch {
    const deployment = this.chooser.choose(group, operation);
    call.deploymentId = deployment.id;
    return { deployment, run: (attempt) => attempt(deployment) };
  }
}
