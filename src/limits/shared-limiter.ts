import type { Limits } from '../keys/caller.js';
import type { Redis } from '../redis/redis.js';
import {
  type Demand,
  type LimitedScope,
  type Limiter,
  PARALLEL_WAIT_MS,
  type Standing,
  type Unneeded,
  type Verdict,
  WINDOW_MS,
} from './limiter.js';
import { ENTER, GIVE_BACK, LEAVE, RENEW } from './limits-script.js';

/** A replica that died keeps its places for this long. */
const LEASE_MS = 30_000;
const RENEWALS_IN_A_LEASE = 3;
const RENEWED_AT_ONCE = 1_000;
/** Between two attempts to tell Redis what it could not be told. */
const TELL_AGAIN_MS = 1_000;

const LIMITS = ['requestsPerMinute', 'imagesPerMinute', 'parallelRequests'] as const satisfies (keyof Limits)[];

/** Figures of each scope in the script's answer, behind the four about the demand. */
const FIGURES = 4;

/** The limits of all replicas together, in Redis. */
export class SharedLimiter implements Limiter, Disposable {
  /** Places that this process holds: the key of the leases by the id of the demand in it. */
  private readonly held = new Map<string, readonly string[]>();
  /** Places that are free and that Redis may still count, by the same. */
  private readonly untold = new Map<string, readonly string[]>();
  private telling: NodeJS.Timeout | undefined;
  private readonly renewal: NodeJS.Timeout;

  constructor(
    private readonly redis: Redis,
    private readonly windowMs = WINDOW_MS,
    private readonly leaseMs = LEASE_MS,
  ) {
    this.renewal = setInterval(() => void this.renew(), leaseMs / RENEWALS_IN_A_LEASE).unref();
  }

  get isUp(): boolean {
    return this.redis.isUp;
  }

  async enter({ id, images, scopes }: Demand): Promise<Verdict> {
    const keys = scopes.flatMap(({ name }) => [requestsOf(name), imagesOf(name), leasesOf(name)]);
    const limits = scopes.flatMap((scope) => LIMITS.map((limit) => scope.limits[limit] ?? -1));
    const leases = scopes.filter(isParallel).map(({ name }) => leasesOf(name));
    const values = [id, images, this.leaseMs, this.windowMs, PARALLEL_WAIT_MS, ...limits];
    this.untold.delete(id);
    let answer: unknown;
    try {
      answer = await this.redis.run(ENTER, keys, values);
    } catch (error) {
      // A Redis that hung lets it in when it goes on, and nobody is there any more.
      if (leases.length > 0) this.tellLater(id, leases);
      throw error;
    }
    const verdict = read(answer as number[], scopes);
    if (verdict.refusal === undefined && leases.length > 0) this.held.set(id, leases);
    return verdict;
  }

  /** Where Redis cannot be told, it is told later. */
  leave({ id }: Demand): void {
    const leases = this.held.get(id);
    if (leases === undefined) return;
    this.held.delete(id);
    void this.free(id, leases);
  }

  /** Where Redis cannot be told, it stays counted. */
  giveBack({ images, scopes }: Demand, at: number, unneeded: Unneeded): void {
    const keys = scopes.flatMap(({ name }) => [requestsOf(name), imagesOf(name)]);
    this.redis.run(GIVE_BACK, keys, [at, images, unneeded]).catch(() => undefined);
  }

  [Symbol.dispose](): void {
    clearInterval(this.renewal);
    clearTimeout(this.telling);
  }

  private async free(id: string, leases: readonly string[]): Promise<void> {
    try {
      await this.redis.run(LEAVE, leases, new Array<string>(leases.length).fill(id));
    } catch {
      this.tellLater(id, leases);
    }
  }

  private tellLater(id: string, leases: readonly string[]): void {
    this.untold.set(id, leases);
    this.telling ??= setTimeout(() => {
      this.telling = undefined;
      const untold = [...this.untold];
      this.untold.clear();
      for (const [place, its] of untold) void this.free(place, its);
    }, TELL_AGAIN_MS).unref();
  }

  private async renew(): Promise<void> {
    const places = [...this.held].flatMap(([id, leases]) => leases.map((lease) => [lease, id] as const));
    for (let at = 0; at < places.length && this.redis.isUp; at += RENEWED_AT_ONCE) {
      // Those that are over by now must not be taken again.
      const some = places.slice(at, at + RENEWED_AT_ONCE).filter(([, id]) => this.held.has(id));
      const keys = some.map(([lease]) => lease);
      const ids = some.map(([, id]) => id);
      // The connection tells of its troubles; the next renewal comes before the leases end.
      await this.redis.run(RENEW, keys, [this.leaseMs, ...ids]).catch(() => undefined);
    }
  }
}

const requestsOf = (scope: string): string => `limits:${scope}:requests`;

const imagesOf = (scope: string): string => `limits:${scope}:images`;

const leasesOf = (scope: string): string => `limits:${scope}:leases`;

const isParallel = ({ limits }: LimitedScope): boolean => limits.parallelRequests !== undefined;

function read(
  [at = 0, refusing = -1, limit = -1, waitMs = 0, ...figures]: number[],
  scopes: readonly LimitedScope[],
): Verdict {
  const scope = scopes[refusing];
  const name = LIMITS[limit];
  return {
    refusal: scope && name && { scope, limit: name, waitMs },
    at,
    standings: scopes.map((_, n) => standing(figures.slice(n * FIGURES, (n + 1) * FIGURES))),
  };
}

function standing([requests = -1, requestsMs = 0, images = -1, imagesMs = 0]: number[]): Standing {
  return {
    requests: requests < 0 ? undefined : { left: requests, resetMs: requestsMs },
    images: images < 0 ? undefined : { left: images, resetMs: imagesMs },
  };
}
