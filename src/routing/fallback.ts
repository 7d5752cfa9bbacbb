import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { GatewayError } from '../errors/gateway-error.js';
import type { ModelGroup } from '../registry/model-group.js';
import { ModelRegistry } from '../registry/model-registry.js';
import type { CallRecord } from '../telemetry/call-record.js';
import { RetryRules } from './retry-rules.js';
import { RoutingMetrics } from './routing-metrics.js';

/** As LiteLLM (litellm.md §2.8): no request is given to more groups than that after its own. */
const MOST_HOPS = 5;

/** A request that several groups may serve. */
export interface Relay<T> {
  serve(group: ModelGroup): Promise<T>;
  /** Whether nobody has seen anything of the answer yet. */
  mayRepeat(): boolean;
}

/** Gives a request that its model group could not serve to the groups that the operator named in its place. */
@Injectable()
export class Fallback {
  private readonly rules: RetryRules;
  private readonly isUsed: boolean;

  constructor(
    @Inject(Settings) private readonly settings: Settings,
    @Inject(ModelRegistry) private readonly registry: ModelRegistry,
    @Inject(RoutingMetrics) private readonly metrics: RoutingMetrics,
  ) {
    this.rules = new RetryRules(settings.routing.retry);
    const { byGroup, forAll, forContent } = settings.routing.fallbacks;
    this.isUsed = byGroup.size + forAll.length + forContent.size > 0;
  }

  /**
   * Has the group serve the request, and where that fails and surely cost nothing, the others in their order.
   *
   * @throws GatewayError the first failure, where all of them fail
   */
  overGroups<T>(group: ModelGroup, call: CallRecord, relay: Relay<T>): Promise<T> {
    return this.isUsed ? this.tryAll(group, call, relay) : relay.serve(group);
  }

  private async tryAll<T>(group: ModelGroup, call: CallRecord, relay: Relay<T>): Promise<T> {
    const met = new Set([group.name]);
    const waiting: ModelGroup[] = [];
    let first: unknown;
    for (let current: ModelGroup | undefined = group; current; current = waiting.shift()) {
      try {
        return await relay.serve(current);
      } catch (error) {
        first ??= error;
        if (!(error instanceof GatewayError) || call.signal.aborted || !relay.mayRepeat()) throw error;
        // What a stand-in refuses to its caller, another one may do.
        for (const name of this.standInsFor(current.name, error)) {
          const standIn = met.size > MOST_HOPS ? undefined : this.find(name, call);
          if (!standIn || met.has(standIn.name)) continue;
          met.add(standIn.name);
          waiting.push(standIn);
        }
        if (waiting.length === 0) break;
        call.fallbacks++;
        call.mayBeCharged ||= error.mayBeCharged;
        this.metrics.fellBack(error.fault);
      }
    }
    throw first;
  }

  private standInsFor(name: string, error: GatewayError): readonly string[] {
    const { byGroup, forAll, forContent } = this.settings.routing.fallbacks;
    if (error.fault === 'moderationBlocked') return forContent.get(name) ?? [];
    return this.rules.mayFallBack(error) ? (byGroup.get(name) ?? forAll) : [];
  }

  private find(name: string, call: CallRecord): ModelGroup | undefined {
    try {
      return this.registry.resolve(name, call);
    } catch {
      return undefined; // A name that leads nowhere was reported at the start.
    }
  }
}
