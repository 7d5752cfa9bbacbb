import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { timeoutOf } from '../registry/deployment.js';
import type { ModelGroup } from '../registry/model-group.js';
import type { CallRecord } from '../telemetry/call-record.js';
import { Accounts } from './accounts.js';
import { longestTimeOf, readTerms } from './call-terms.js';
import { DeploymentChooser } from './deployment-chooser.js';
import { Dispatch, type DispatchTools } from './dispatch.js';
import { RetryRules } from './retry-rules.js';
import { RoutingMetrics } from './routing-metrics.js';
import type { Waiting } from './slots/fair-queue.js';

/** Decides which deployment of a group a request goes to, and when. */
@Injectable()
export class Dispatcher {
  private readonly tools: DispatchTools;

  constructor(
    @Inject(Settings) private readonly settings: Settings,
    @Inject(Accounts) private readonly accounts: Accounts,
    @Inject(DeploymentChooser) private readonly chooser: DeploymentChooser,
    @Inject(RoutingMetrics) metrics: RoutingMetrics,
  ) {
    const { routing } = settings;
    this.tools = {
      chooser,
      rules: new RetryRules(routing.retry),
      metrics,
      queueTimeoutMs: routing.queue.timeoutMs,
      noOutages: routing.cooldown.disabled,
    };
  }

  /**
   * Opens a request's way to a group. The time it has in all begins with the first one.
   *
   * @param images pictures it is about, as far as is known; 0: it makes none
   * @throws GatewayError where no deployment can be had, or the caller's own terms are wrong
   */
  open(group: ModelGroup, operation: string, call: CallRecord, images: number): Dispatch {
    this.accounts.requireOpen();
    const longestMs = longestTimeOf(call.asked, this.settings.models.longestStreamMs);
    const { timeoutMs, isCut, retries } = readTerms(call.asked, longestMs);
    call.isTimeoutCut = isCut;
    const wish = wishOf(call, images);
    const target = this.chooser.choose(group, operation, wish);
    call.deadlineAt ??=
      performance.now() + Math.min(timeoutMs ?? timeoutOf(target.deployment, call.asked.isStreamed), longestMs);
    return new Dispatch(this.tools, { group, operation, call, wish, retries }, target);
  }
}

function wishOf({ caller }: CallRecord, images: number): Waiting {
  return {
    key: caller?.scope ?? '',
    weight: caller?.weight ?? 1,
    priority: caller?.priority ?? 'interactive',
    images,
  };
}
