import { subscribe, unsubscribe } from 'node:diagnostics_channel';

/** When requests left this process. */
export interface SentTimes extends Disposable {
  /** Milliseconds of `performance.now()` at which the heads of requests to the upstream were written, in their order. */
  readonly times: readonly number[];
  /** The shortest time in which one more than `limit` left. */
  shortestSpanMs(limit: number): number;
}

/** Watches what is sent to an upstream, as the HTTP client tells it: whatever the gateway itself believes. */
export function watchSent(upstream: { readonly url: string }): SentTimes {
  const times: number[] = [];
  const note = (message: unknown): void => {
    const { request } = message as { request: { origin: string | URL } };
    if (String(request.origin) === upstream.url) times.push(performance.now());
  };
  subscribe(CHANNEL, note);
  return {
    times,
    shortestSpanMs: (limit) => Math.min(...times.slice(limit).map((at, index) => at - (times[index] ?? 0))),
    [Symbol.dispose]: () => {
      unsubscribe(CHANNEL, note);
    },
  };
}

/** undici's, told as the head of a request is written. */
const CHANNEL = 'undici:client:sendHeaders';
