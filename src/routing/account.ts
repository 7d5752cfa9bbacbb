import type { GatewayError } from '../errors/gateway-error.js';
import type { EndSignal } from '../telemetry/leaving.js';
import { AccountSlots, SentElsewhere, type SlotRules } from './slots/account-slots.js';

const PROBE_PATIENCE_MS = 10_000;
/** How a probe waits for its slot. */
const PROBE = { key: 'probe', weight: 1, priority: 'interactive', images: 0 } as const;
const LONGEST_PAUSE_MS = 60_000;

/** Asks for an account's balance, which is free. Rejects where the account does not answer. */
export type Probe = (signal: EndSignal) => Promise<{ credits: number }>;

/** An account at the provider: its slots, and whether it can be used at all. */
export class Account {
  readonly slots: AccountSlots;
  private trouble: GatewayError | undefined;
  private lastCredits: number | undefined;

  /** @param pauseMs between two probes of an account that is out of service; it doubles up to a minute */
  constructor(
    rules: SlotRules,
    private readonly probe: Probe,
    private readonly pauseMs: number,
  ) {
    this.slots = new AccountSlots(rules);
  }

  /** Why the account is out of service; undefined while it is not. */
  get outage(): GatewayError | undefined {
    return this.trouble;
  }

  /** The balance when it was last asked for, or found to be none; undefined before that. */
  get credits(): number | undefined {
    return this.lastCredits;
  }

  /** The account's balance in API units: a free call, which takes a slot as every other. Rejects where there is no answer. */
  async balance(): Promise<{ credits: number }> {
    const signal = AbortSignal.timeout(PROBE_PATIENCE_MS);
    const waitUntil = performance.now() + PROBE_PATIENCE_MS;
    const slot = await this.slots.enter({ ...PROBE, signal, waitUntil });
    try {
      const balance = await this.probe(signal);
      this.lastCredits = balance.credits;
      return balance;
    } finally {
      slot.leave();
    }
  }

  /** Takes the account out of service until a probe finds it usable again; those who wait for it may go elsewhere. */
  takeOut(trouble: GatewayError): void {
    if (this.trouble !== undefined) return;
    this.trouble = trouble;
    if (trouble.fault === 'quotaExhausted') this.lastCredits = 0;
    this.slots.scatter(new SentElsewhere('The account was taken out of service.'));
    this.probeAfter(0, this.pauseMs);
  }

  private probeAfter(waitMs: number, nextMs: number): void {
    // A gateway that has nothing else to do may end.
    setTimeout(() => {
      void this.isUsable().then((usable) => {
        if (usable) this.trouble = undefined;
        else this.probeAfter(nextMs, Math.min(nextMs * 2, Math.max(LONGEST_PAUSE_MS, this.pauseMs)));
      });
    }, waitMs).unref();
  }

  private async isUsable(): Promise<boolean> {
    try {
      const { credits } = await this.balance();
      return credits > 0;
    } catch {
      return false; // Whatever is wrong with it: it is not usable yet.
    }
  }
}
