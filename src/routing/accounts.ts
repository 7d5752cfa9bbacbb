import { Inject, Injectable } from '@nestjs/common';
import { Settings } from '../config/settings.js';
import { GatewayError } from '../errors/gateway-error.js';
import { ImageProvider } from '../images/image-provider.js';
import { accountOf, type Deployment, type SlotLimits } from '../registry/deployment.js';
import { Account } from './account.js';
import { RoutingMetrics, type WatchedAccount } from './routing-metrics.js';
import { SlotClocks } from './slots/slot-clocks.js';

/** The accounts behind the deployments, each with its slots: deployments of one address and key share one. */
@Injectable()
export class Accounts {
  private readonly byName = new Map<string, Account>();
  private readonly byDeployment = new WeakMap<Deployment, Account>();
  private isOver = false;

  constructor(
    @Inject(Settings) private readonly settings: Settings,
    @Inject(ImageProvider) private readonly provider: ImageProvider,
    @Inject(SlotClocks) private readonly clocks: SlotClocks,
    @Inject(RoutingMetrics) private readonly metrics: RoutingMetrics,
  ) {
    metrics.watchAccounts(() => [...this.byName].map(([name, account]) => this.figuresOf(name, account)));
  }

  of(deployment: Deployment): Account {
    let account = this.byDeployment.get(deployment);
    if (!account) {
      const name = accountOf(deployment);
      account = this.byName.get(name) ?? this.open(name, deployment);
      this.byDeployment.set(deployment, account);
    }
    return account;
  }

  /** Sends away everybody who waits: another instance can serve them. */
  sendWaitersAway(): void {
    this.isOver = true;
    for (const { slots } of this.byName.values()) slots.scatter(shuttingDown());
  }

  /** @throws GatewayError `shuttingDown` where nobody may begin to wait any more */
  requireOpen(): void {
    if (this.isOver) throw shuttingDown();
  }

  private figuresOf(name: string, { slots, outage, credits }: Account): WatchedAccount {
    return {
      label: this.labelOf(name),
      waiting: slots.waiting,
      queueSize: this.settings.routing.queue.size,
      slotsInUse: slots.inUse,
      slotsLeft: slots.left,
      isUp: outage === undefined,
      credits,
    };
  }

  /** The same in every replica: the id of the account's first entry in `model_list`. */
  private labelOf(name: string): string {
    return this.settings.models.configured.find((each) => accountOf(each) === name)?.id ?? 'default';
  }

  private open(name: string, deployment: Deployment): Account {
    const { routing } = this.settings;
    const limits = this.limitsOf(name);
    const account = new Account(
      {
        clock: this.clocks.for(name, limits),
        parallel: this.ownPart(limits.parallelRequests),
        queueSize: routing.queue.size,
        onServed: (waitedMs) => {
          this.metrics.served(waitedMs);
        },
      },
      (signal) => this.provider.probe(deployment, signal),
      routing.cooldown.ms,
    );
    this.byName.set(name, account);
    return account;
  }

  /** At least one: an account can be used by every instance. */
  private ownPart(parallel: number): number {
    return parallel === 0 ? 0 : Math.max(1, Math.floor(parallel / this.settings.routing.replicas));
  }

  /** Where several deployments set a limit for their account, the smallest counts. */
  private limitsOf(name: string): SlotLimits {
    const { configured } = this.settings.models;
    const set = configured.filter((each) => accountOf(each) === name).map(({ slots = {} }) => slots);
    const limit = (of: keyof SlotLimits): number => {
      const values = set.map((slots) => slots[of]).filter((value) => value !== undefined);
      const limited = values.filter((value) => value > 0);
      return limited.length > 0 ? Math.min(...limited) : (values[0] ?? this.settings.routing.slots[of]);
    };
    return {
      requestsPerSecond: limit('requestsPerSecond'),
      requestsPerMinute: limit('requestsPerMinute'),
      imagesPerMinute: limit('imagesPerMinute'),
      parallelRequests: limit('parallelRequests'),
    };
  }
}

function shuttingDown(): GatewayError {
  return new GatewayError('shuttingDown', 'This instance is going down. Try again: another one answers.', {
    retryAfterSeconds: 1,
  });
}
