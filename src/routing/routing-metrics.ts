import { Inject, Injectable } from '@nestjs/common';
import { Counter, Histogram } from 'prom-client';
import type { Fault } from '../errors/gateway-error.js';
import { Metrics } from '../telemetry/metrics.js';

/** What operators see of slots, queues and repeats. */
@Injectable()
export class RoutingMetrics {
  private readonly wait: Histogram;
  private readonly retries: Counter<'fault'>;
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
    this.retries = counter('recraft_gateway_retries_total', 'Requests sent again, by what went wrong before.', [
      'fault',
    ]);
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

  /** @param length requests that wait now, read when metrics are collected */
  watchQueues(length: () => number): void {
    this.metrics.watch('recraft_gateway_queue_length', 'Requests that wait for a slot of their account.', length);
  }

  served(waitedMs: number): void {
    this.wait.observe(waitedMs / 1000);
  }

  retried(fault: Fault): void {
    this.retries.inc({ fault });
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
