import type { RoutingSettings } from '../config/routing-settings.js';

const MINUTE_MS = 60_000;
/** LiteLLM's rule: more than half of the requests of a minute failed, and there were five or more (litellm.md §2.8). */
const LEAST_REQUESTS = 5;
const MOST_FAILED = 0.5;
/** How much of the latest answer's time goes into the average. */
const LATEST = 0.2;

const BUCKET_MS = 10_000;

interface Bucket {
  readonly since: number;
  requests: number;
  failures: number;
}

/** What is known of one deployment while the gateway runs. */
export class DeploymentState {
  /** Requests under way. */
  inFlight = 0;
  /** Average time of an answer, the latest counting most, in milliseconds; undefined before the first. */
  latencyMs: number | undefined;
  /** The last minute, in pieces, the latest last. */
  private buckets: Bucket[] = [];
  private restsUntil = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly rules: RoutingSettings['cooldown'],
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Milliseconds until it is used again after too many failures; 0 where it is in use. */
  get restMs(): number {
    return Math.max(0, this.restsUntil - this.now());
  }

  succeeded(tookMs: number): void {
    this.latencyMs = this.latencyMs === undefined ? tookMs : this.latencyMs + LATEST * (tookMs - this.latencyMs);
    this.bucket().requests++;
  }

  /** Counts a failure; true where the deployment now rests for it. */
  failed(): boolean {
    const bucket = this.bucket();
    bucket.requests++;
    bucket.failures++;
    if (this.rules.disabled || this.restMs > 0 || !this.failedTooOften()) return false;
    this.restsUntil = this.now() + this.rules.ms;
    this.buckets = [];
    return true;
  }

  private failedTooOften(): boolean {
    const requests = this.buckets.reduce((sum, bucket) => sum + bucket.requests, 0);
    const failures = this.buckets.reduce((sum, bucket) => sum + bucket.failures, 0);
    if (this.rules.allowedFails !== undefined) return failures > this.rules.allowedFails;
    return requests >= LEAST_REQUESTS && failures / requests > MOST_FAILED;
  }

  private bucket(): Bucket {
    const now = this.now();
    const latest = this.buckets.at(-1);
    if (latest && now - latest.since < BUCKET_MS) return latest;
    const fresh = { since: now, requests: 0, failures: 0 };
    this.buckets = [...this.buckets.filter(({ since }) => now - since < MINUTE_MS), fresh];
    return fresh;
  }
}
