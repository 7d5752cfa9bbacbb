import { Inject, Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import type { Fault } from '../errors/gateway-error.js';
import { type AskedProvider, Metrics } from '../telemetry/metrics.js';
import type { Sample } from '../telemetry/tally.js';

/** What can be seen of an account. */
export interface WatchedAccount {
  /** Names it, and gives nothing away. */
  readonly label: string;
  readonly waiting: number;
  readonly queueSize: number;
  readonly slotsInUse: number;
  /** Endless without a limit. */
  readonly slotsLeft: number;
  readonly isUp: boolean;
  /** API units, as far as is known. */
  readonly credits: number | undefined;
}

/** What operators see of slots, queues and repeats. */
@Injectable()
export class RoutingMetrics {
  private readonly wait: Histogram;
  private readonly retries: Counter<'reason'>;
  private readonly fallbacks: Counter<'fault'>;
  private readonly cooldowns: Counter;
  private readonly outages: Counter<'fault'>;
  private readonly backOffs: Counter;
  private readonly sharedClockFailures: Counter;

  constructor(@Inject(Metrics) private readonly metrics: Metrics) {
    const registers = [metrics.registry];
    this.wait = new Histogram({
      name: 'recraft_gateway_queue_wait_seconds',
      help: 'Time that requests waited for a slot of their account, of those that had to wait and got one.',
      buckets: [0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 300],
      registers,
    });
    const counter = <L extends string = never>(name: string, help: string, labelNames: L[] = []): Counter<L> =>
      new Counter({ name, help, labelNames, registers });
    this.retries = counter(
      'recraft_gateway_upstream_retries_total',
      'Requests sent again, by what went wrong before.',
      ['reason'],
    );
    this.fallbacks = counter('recraft_gateway_fallbacks_total', 'Requests taken over by another model group.', [
      'fault',
    ]);
    this.cooldowns = counter('recraft_gateway_cooldowns_total', 'Deployments left out for a while: too many failures.');
    this.outages = counter('recraft_gateway_account_outages_total', 'Accounts taken out of service.', ['fault']);
    this.backOffs = counter('recraft_gateway_rate_limited_total', "Requests that Recraft's own rate limit refused.");
    this.sharedClockFailures = counter(
      'recraft_gateway_slots_without_redis_total',
      'Slots given out by this instance alone, because Redis did not answer.',
    );
  }

  /** @param read the accounts that are there when metrics are collected */
  watchAccounts(read: () => readonly WatchedAccount[]): void {
    const watch = (name: string, help: string, of: (account: WatchedAccount) => number | undefined): void => {
      this.metrics.watchEach(`recraft_gateway_${name}`, help, ['account'], () =>
        read().flatMap((account): Sample[] => {
          const value = of(account);
          return value === undefined || !Number.isFinite(value) ? [] : [[{ account: account.label }, value]];
        }),
      );
    };
    watch('queue_length', 'Requests that wait for a slot of their account.', ({ waiting }) => waiting);
    watch('queue_capacity', 'Requests that may wait for a slot of their account.', ({ queueSize }) => queueSize);
    watch('slots_in_use', 'Requests under way that hold a slot of their account.', ({ slotsInUse }) => slotsInUse);
    watch('slots_left', 'Requests that could be sent to the account now, where it has a limit.', (a) => a.slotsLeft);
    watch('account_up', '1 while the account is in service, 0 while it is taken out.', ({ isUp }) => Number(isUp));
    watch('account_balance_units', 'API units of the account, when it last told.', ({ credits }) => credits);
  }

  /** A model as traces and metrics name it. */
  modelLabel(model: string): string {
    return this.metrics.modelLabel(model);
  }

  /** Counts one attempt at the provider. */
  asked(attempt: AskedProvider): void {
    this.metrics.observeUpstream(attempt);
  }

  served(waitedMs: number): void {
    this.wait.observe(waitedMs / 1000);
  }

  retried(fault: Fault): void {
    this.retries.inc({ reason: fault });
  }

  fellBack(fault: Fault): void {
    this.fallbacks.inc({ fault });
  }

  cooledDown(): void {
    this.cooldowns.inc();
  }

  tookOut(fault: Fault): void {
    this.outages.inc({ fault });
  }

  backedOff(): void {
    this.backOffs.inc();
  }

  withoutRedis(): void {
    this.sharedClockFailures.inc();
  }
}
