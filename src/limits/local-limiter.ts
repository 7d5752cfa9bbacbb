import type { Limits } from '../keys/caller.js';
import {
  type Demand,
  type LimitedScope,
  type Limiter,
  PARALLEL_WAIT_MS,
  type Refusal,
  type Standing,
  type Unneeded,
  type Verdict,
  WINDOW_MS,
} from './limiter.js';
import { WindowLog } from './window-log.js';

/** What one scope has let in. */
class Account {
  readonly requests: WindowLog;
  readonly images: WindowLog;
  parallel = 0;

  constructor(windowMs: number) {
    this.requests = new WindowLog(windowMs);
    this.images = new WindowLog(windowMs);
  }

  /** How long a demand has to wait for each limit that it would break. */
  waits(limits: Limits, images: number, now: number): [limit: keyof Limits, waitMs: number][] {
    const { requestsPerMinute, imagesPerMinute, parallelRequests } = limits;
    return [
      ['requestsPerMinute', requestsPerMinute === undefined ? 0 : this.requests.waitFor(1, requestsPerMinute, now)],
      ['imagesPerMinute', imagesPerMinute === undefined ? 0 : this.images.waitFor(images, imagesPerMinute, now)],
      ['parallelRequests', this.parallel >= (parallelRequests ?? Infinity) ? PARALLEL_WAIT_MS : 0],
    ];
  }

  count({ requestsPerMinute, imagesPerMinute }: Limits, images: number, now: number): void {
    if (requestsPerMinute !== undefined) this.requests.add(1, now);
    if (imagesPerMinute !== undefined && images > 0) this.images.add(images, now);
    this.parallel += 1;
  }

  giveBack({ requestsPerMinute, imagesPerMinute }: Limits, images: number, at: number, unneeded: Unneeded): void {
    if (requestsPerMinute !== undefined && unneeded === 'everything') this.requests.remove(1, at);
    if (imagesPerMinute !== undefined && images > 0) this.images.remove(images, at);
  }

  standing({ requestsPerMinute, imagesPerMinute }: Limits, now: number): Standing {
    return {
      requests: requestsPerMinute === undefined ? undefined : this.requests.allowance(requestsPerMinute, now),
      images: imagesPerMinute === undefined ? undefined : this.images.allowance(imagesPerMinute, now),
    };
  }

  isIdleAt(now: number): boolean {
    return this.parallel === 0 && this.requests.isEmptyAt(now) && this.images.isEmptyAt(now);
  }
}

/** The limits of one process on its own. */
export class LocalLimiter implements Limiter {
  private readonly accounts = new Map<string, Account>();
  private nextSweepAt = 0;

  /** @param clock milliseconds that never go back */
  constructor(
    private readonly clock: () => number = () => performance.now(),
    private readonly windowMs = WINDOW_MS,
  ) {}

  /** How many scopes are remembered. */
  get size(): number {
    return this.accounts.size;
  }

  enter({ scopes, images }: Demand): Verdict {
    const now = this.clock();
    this.sweep(now);
    const seats = scopes.map((scope) => ({ scope, account: this.accountOf(scope) }));
    const refusals = seats.flatMap(({ scope, account }) => refusalsOf(scope, account, images, now));
    if (refusals.length === 0) for (const { scope, account } of seats) account.count(scope.limits, images, now);
    return {
      refusal: longest(refusals),
      at: now,
      standings: seats.map(({ scope, account }) => account.standing(scope.limits, now)),
    };
  }

  leave({ scopes }: Demand): void {
    for (const scope of scopes) this.accountOf(scope).parallel -= 1;
  }

  giveBack({ scopes, images }: Demand, at: number, unneeded: Unneeded): void {
    for (const scope of scopes) this.accountOf(scope).giveBack(scope.limits, images, at, unneeded);
  }

  private accountOf({ name }: LimitedScope): Account {
    let account = this.accounts.get(name);
    if (!account) this.accounts.set(name, (account = new Account(this.windowMs)));
    return account;
  }

  /** Scopes that have let nothing in lately are forgotten. */
  private sweep(now: number): void {
    if (now < this.nextSweepAt) return;
    this.nextSweepAt = now + this.windowMs;
    for (const [name, account] of this.accounts) if (account.isIdleAt(now)) this.accounts.delete(name);
  }
}

function refusalsOf(scope: LimitedScope, account: Account, images: number, now: number): Refusal[] {
  return account
    .waits(scope.limits, images, now)
    .filter(([, waitMs]) => waitMs > 0)
    .map(([limit, waitMs]) => ({ scope, limit, waitMs }));
}

/** All limits have to have room, so the last one to have it says when to come again. */
function longest(refusals: readonly Refusal[]): Refusal | undefined {
  return refusals.toSorted((a, b) => b.waitMs - a.waitMs)[0];
}
