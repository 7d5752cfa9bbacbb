import type { Allowance, LimitedScope, Standing, Unneeded } from './limiter.js';

/**
 * How a caller stands, as names and values of headers in turn: OpenAI's names, and the same for pictures. Where the key
 * and its team both have a limit, the one with less left. `reset` is the time until the next one is free.
 */
export function limitHeaders(scopes: readonly LimitedScope[], standings: readonly Standing[]): string[] {
  const requests = scopes.map(({ limits }, at) => row(limits.requestsPerMinute, standings[at]?.requests));
  const images = scopes.map(({ limits }, at) => row(limits.imagesPerMinute, standings[at]?.images));
  return [...headers('requests', requests), ...headers('images', images)];
}

/** How scopes stand where a demand of so many pictures, which was let in, does not count any more. */
export function givenBack(
  scopes: readonly LimitedScope[],
  standings: readonly Standing[],
  pictures: number,
  unneeded: Unneeded,
): Standing[] {
  const requests = unneeded === 'everything' ? 1 : 0;
  return scopes.map(({ limits }, at) => ({
    requests: withMore(standings[at]?.requests, limits.requestsPerMinute, requests),
    images: withMore(standings[at]?.images, limits.imagesPerMinute, pictures),
  }));
}

function withMore(allowance: Allowance | undefined, limit: number | undefined, amount: number): Allowance | undefined {
  if (!allowance) return undefined;
  const left = allowance.left + amount;
  return { left, resetMs: left === limit ? 0 : allowance.resetMs };
}

interface Row extends Allowance {
  readonly limit: number;
}

function row(limit: number | undefined, allowance: Allowance | undefined): Row | undefined {
  return limit === undefined || allowance === undefined ? undefined : { limit, ...allowance };
}

function headers(what: 'requests' | 'images', rows: readonly (Row | undefined)[]): string[] {
  const [tightest] = rows
    .filter((each) => each !== undefined)
    .toSorted((a, b) => a.left - b.left || b.resetMs - a.resetMs);
  if (!tightest) return [];
  return [
    ...[`x-ratelimit-limit-${what}`, String(tightest.limit)],
    ...[`x-ratelimit-remaining-${what}`, String(tightest.left)],
    ...[`x-ratelimit-reset-${what}`, `${wholeSeconds(tightest.resetMs)}s`],
  ];
}

/** A difference of two clock readings is not exact: a minute can come out a hair longer, and is no 61 seconds. */
function wholeSeconds(milliseconds: number): number {
  return Math.ceil(Math.round(milliseconds) / 1000);
}
