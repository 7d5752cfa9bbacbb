import { PassingSet } from '../memory/passing-set.js';
import type { Fingerprint } from './fingerprint.js';
import type { PaidCall } from './paid-call.js';

/** How many outcomes are kept; the oldest go first. */
const MOST_KEPT = 10_000;

/** Calls that are running, and the outcomes of those that may be asked for again, by who asked and where. */
export class PaidCalls {
  private readonly byScope = new Map<string, PassingSet<PaidCall>>();
  /** Calls that are over, in the order in which they are forgotten at the latest. */
  private readonly kept = new Map<PaidCall, string>();

  get keptCount(): number {
    return this.kept.size;
  }

  add(scope: string, call: PaidCall): void {
    let calls = this.byScope.get(scope);
    if (!calls) this.byScope.set(scope, (calls = new PassingSet()));
    calls.add(call);
  }

  /** Keeps a call that is over, for so long. */
  keep(scope: string, call: PaidCall, milliseconds: number): void {
    call.expiresAt = performance.now() + milliseconds;
    this.kept.set(call, scope);
    if (this.kept.size > MOST_KEPT) this.dropOldest();
  }

  drop(scope: string, call: PaidCall): void {
    call.forget();
    this.kept.delete(call);
    this.byScope.get(scope)?.delete(call);
  }

  /** Forgets what has been kept long enough. */
  sweep(): void {
    const now = performance.now();
    for (const [call, scope] of this.kept) if (isOver(call, now)) this.drop(scope, call);
    for (const [scope, calls] of this.byScope) if (calls.size === 0) this.byScope.delete(scope);
  }

  /** Makes room; false where nothing is left to forget. */
  dropOldest(): boolean {
    const [oldest] = this.kept;
    if (!oldest) return false;
    this.drop(oldest[1], oldest[0]);
    return true;
  }

  /** A call that runs and has no idempotency key, by its id, with its scope. */
  findRunning(id: string): [scope: string, call: PaidCall] | undefined {
    for (const [scope, calls] of this.byScope) {
      for (const call of calls) {
        if (call.id === id && call.outcome === 'running' && call.key === undefined) return [scope, call];
      }
    }
    return undefined;
  }

  /** The call under an idempotency key. */
  findByKey(scope: string, key: string): PaidCall | undefined {
    return this.current(scope).find((call) => call.key === key);
  }

  /** The call without a key that asks for the same: one that nobody waits for, before one that failed, before any other. */
  async findByFingerprint(scope: string, fingerprint: Fingerprint): Promise<PaidCall | undefined> {
    const alike = () =>
      this.current(scope).filter((call) => call.key === undefined && call.fingerprint.size === fingerprint.size);
    if (alike().length === 0) return undefined;
    const digest = await fingerprint.make();
    // While pictures are read, further calls may come in.
    for (;;) {
      const unread = alike().filter((call) => call.fingerprint.value === undefined);
      if (unread.length === 0) break;
      await Promise.all(unread.map((call) => call.fingerprint.make()));
    }
    const same = alike().filter((call) => call.fingerprint.value === digest);
    return same.find(({ isOrphan }) => isOrphan) ?? same.find(({ outcome }) => outcome === 'failed') ?? same[0];
  }

  private current(scope: string): PaidCall[] {
    const now = performance.now();
    return [...(this.byScope.get(scope) ?? [])].filter((call) => !isOver(call, now));
  }
}

function isOver({ expiresAt }: PaidCall, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}
