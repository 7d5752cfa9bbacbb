import { PassingSet } from '../memory/passing-set.js';
import type { Worth } from './answer-copy.js';
import type { Fingerprint } from './fingerprint.js';
import type { PaidCall } from './paid-call.js';

/** How many outcomes are kept; the oldest go first. */
const MOST_KEPT = 10_000;

interface Kept {
  readonly scope: string;
  readonly call: PaidCall;
}

/** Calls that are running, and the outcomes of those that may be asked for again, by who asked and where. */
export class PaidCalls {
  private readonly byScope = new Map<string, PassingSet<PaidCall>>();
  /** Calls that are over and whose outcome somebody will want, the oldest first. */
  private owed: Kept[] = [];
  /** Calls that are over and whose outcome was told: where there is no room, they go before the others. */
  private spare: Kept[] = [];

  constructor(private readonly mostKept = MOST_KEPT) {}

  get keptCount(): number {
    return this.owed.length + this.spare.length;
  }

  add(scope: string, call: PaidCall): void {
    let calls = this.byScope.get(scope);
    if (!calls) this.byScope.set(scope, (calls = new PassingSet()));
    calls.add(call);
  }

  /** Keeps a call that is over, for so long. */
  keep(scope: string, call: PaidCall, milliseconds: number): void {
    call.settle(milliseconds);
    (call.isSpare ? this.spare : this.owed).push({ scope, call });
    if (this.keptCount <= this.mostKept) return;
    const oldest = this.spare.shift() ?? this.owed.shift();
    if (oldest) this.drop(oldest.scope, oldest.call);
  }

  /** Forgets a call that is not kept. */
  drop(scope: string, call: PaidCall): void {
    call.forget();
    this.byScope.get(scope)?.delete(call);
  }

  /** Forgets what has been kept long enough. */
  sweep(): void {
    const now = performance.now();
    const isInTime = ({ scope, call }: Kept): boolean => {
      const isIn = !call.isOver(now);
      if (!isIn) this.drop(scope, call);
      return isIn;
    };
    this.owed = this.owed.filter(isInTime);
    this.spare = this.spare.filter(isInTime);
    for (const [scope, calls] of this.byScope) if (calls.size === 0) this.byScope.delete(scope);
  }

  /** Forgets the copy of an answer, but not that it was paid; false where there is none that may go. */
  makeRoom(worth: Worth): boolean {
    const hasCopy = ({ call }: Kept): boolean => call.copySize > 0;
    const oldest = this.spare.find(hasCopy) ?? (worth === 'owed' ? this.owed.find(hasCopy) : undefined);
    oldest?.call.forget();
    return oldest !== undefined;
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

  /** The call without a key that asks for the same: the one that a request most likely repeats. */
  async findByFingerprint(scope: string, fingerprint: Fingerprint, isRetry: boolean): Promise<PaidCall | undefined> {
    const unreadable = new Set<PaidCall>();
    const alike = () =>
      this.alike(scope, fingerprint).filter((call) => (isRetry || call.coalesces) && !unreadable.has(call));
    if (alike().length === 0) return undefined;
    const digest = await fingerprint.make();
    // While pictures are read, further calls may come in.
    for (;;) {
      const unread = alike().filter((call) => call.fingerprint.value === undefined);
      if (unread.length === 0) break;
      // What cannot be read is not known to be the same.
      await Promise.all(unread.map((call) => call.fingerprint.make().catch(() => unreadable.add(call))));
    }
    const same = alike().filter((call) => call.fingerprint.value === digest);
    return same.sort((one, other) => rankOf(one) - rankOf(other) || endOf(other) - endOf(one))[0];
  }

  /** Whether a repeat of a call could be taken for that of another one. */
  hasTwin(scope: string, call: PaidCall): boolean {
    return this.alike(scope, call.fingerprint).some((other) => other !== call);
  }

  private alike(scope: string, { size }: Fingerprint): PaidCall[] {
    return this.current(scope).filter((call) => call.key === undefined && call.fingerprint.size === size);
  }

  private current(scope: string): PaidCall[] {
    const now = performance.now();
    return [...(this.byScope.get(scope) ?? [])].filter((call) => !call.isGivenUp && !call.isOver(now));
  }
}

/**
 * One that nobody waits for, before one that failed, before one that failed and cost nothing, before one that runs, before the last of
 * those that were received.
 */
function rankOf({ isFree, isOrphan, hasFailed, outcome }: PaidCall): number {
  if (isFree) return 2;
  if (isOrphan) return 0;
  if (hasFailed) return 1;
  return outcome === 'running' ? 3 : 4;
}

function endOf({ expiresAt }: PaidCall): number {
  return expiresAt ?? 0;
}
