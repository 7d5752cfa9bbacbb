import { GatewayError } from '../errors/gateway-error.js';
import type { Caller, Limits } from '../keys/caller.js';
import type { CallRecord } from '../telemetry/call-record.js';
import type { Admittance, CallerLimits } from './caller-limits.js';
import { givenBack, limitHeaders } from './limit-headers.js';
import type { Demand, LimitedScope, Limiter, Refusal, Verdict } from './limiter.js';

/** Told when the shared limiter could not be asked, with what went wrong, and that a process counts for itself. */
export type OnFailOver = (error: unknown) => void;

const NOTHING_TO_LEAVE: Admittance = {
  leave() {
    // Nothing was counted.
  },
  giveBack() {
    // Nothing was counted.
  },
};

/** Longest and shortest `Retry-After` that clients obey (openai-images.md §0.6). */
const RETRY_SECONDS = { least: 1, most: 59 };

/** The limits of keys and teams: counted together by all replicas, or by each for itself where that cannot be. */
export class RateLimits implements CallerLimits {
  /** @param shared undefined where a process is alone */
  constructor(
    private readonly local: Limiter,
    private readonly shared: (Limiter & { readonly isUp: boolean }) | undefined,
    private readonly onFailOver: OnFailOver,
  ) {}

  enter(call: CallRecord): Admittance | Promise<Admittance> {
    const scopes = scopesOf(call.caller);
    return scopes.length === 0 ? NOTHING_TO_LEAVE : this.enterAll(scopes, call);
  }

  private async enterAll(scopes: readonly LimitedScope[], call: CallRecord): Promise<Admittance> {
    requireRoomForOne(scopes, call.images);
    const demand: Demand = { id: call.id, images: call.images, scopes };
    const { limiter, verdict } = await this.ask(demand);
    call.limitHeaders = limitHeaders(scopes, verdict.standings);
    if (verdict.refusal) throw refused(verdict.refusal);
    return admittance(limiter, demand, verdict, call);
  }

  private async ask(demand: Demand): Promise<{ limiter: Limiter; verdict: Verdict }> {
    const { shared, local } = this;
    if (shared) {
      try {
        if (shared.isUp) return { limiter: shared, verdict: await shared.enter(demand) };
        this.onFailOver(undefined);
      } catch (error) {
        this.onFailOver(error);
      }
    }
    return { limiter: local, verdict: await local.enter(demand) };
  }
}

function admittance(limiter: Limiter, demand: Demand, { at, standings }: Verdict, call: CallRecord): Admittance {
  let isIn = true;
  let isCounted = true;
  return {
    leave() {
      if (isIn) limiter.leave(demand);
      isIn = false;
    },
    giveBack(unneeded) {
      if (!isCounted) return;
      isCounted = false;
      limiter.giveBack(demand, at, unneeded);
      const { scopes, images } = demand;
      call.limitHeaders = limitHeaders(scopes, givenBack(scopes, standings, images, unneeded));
    },
  };
}

function scopesOf(caller: Caller | undefined): LimitedScope[] {
  const scopes: LimitedScope[] = [];
  if (!caller) return scopes;
  if (isLimited(caller.limits)) scopes.push({ name: caller.scope, limits: caller.limits });
  if (caller.team && isLimited(caller.team.limits)) {
    scopes.push({ name: `team:${caller.team.id}`, limits: caller.team.limits });
  }
  return scopes;
}

function isLimited({ requestsPerMinute, imagesPerMinute, parallelRequests }: Limits): boolean {
  return requestsPerMinute !== undefined || imagesPerMinute !== undefined || parallelRequests !== undefined;
}

/** More pictures at once than a minute may have: no waiting helps. */
function requireRoomForOne(scopes: readonly LimitedScope[], images: number): void {
  for (const scope of scopes) {
    const most = scope.limits.imagesPerMinute;
    if (most !== undefined && images > most) {
      throw new GatewayError(
        'aboveMaximum',
        `${whose(scope)} may have ${amount(most, 'picture')} a minute, not ${images}.`,
        {
          param: 'n',
        },
      );
    }
  }
}

function refused({ scope, limit, waitMs }: Refusal): GatewayError {
  const seconds = Math.min(Math.max(Math.ceil(waitMs / 1000), RETRY_SECONDS.least), RETRY_SECONDS.most);
  const most = scope.limits[limit] ?? 0;
  const rule = {
    requestsPerMinute: `make ${amount(most, 'request')} a minute`,
    imagesPerMinute: `have ${amount(most, 'picture')} a minute`,
    parallelRequests: `have ${amount(most, 'request')} running at a time`,
  }[limit];
  return new GatewayError('rateLimited', `${whose(scope)} may ${rule}. Try again in ${amount(seconds, 'second')}.`, {
    retryAfterSeconds: seconds,
  });
}

const whose = ({ name }: LimitedScope): string => (name.startsWith('team:') ? 'The team of this key' : 'This key');

const amount = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
