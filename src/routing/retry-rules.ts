import type { RetryClass, RoutingSettings } from '../config/routing-settings.js';
import type { Fault, GatewayError } from '../errors/gateway-error.js';

interface Rule {
  /** What LiteLLM's `retry_policy` calls this kind of failure. */
  readonly kind: RetryClass;
  /** Another account may do better; this one will fail again. */
  readonly elsewhere?: true;
  /** Counts against the deployment: too many of them and it rests. */
  readonly failure?: true;
}

/** What may be sent again, and what a failure says of the deployment (docs/decisions/retries.md). The rest is final. */
const RULES: Readonly<Partial<Record<Fault, Rule>>> = {
  upstreamUnreachable: { kind: 'InternalServerError', failure: true },
  upstreamOverloaded: { kind: 'InternalServerError', failure: true },
  upstreamRateLimited: { kind: 'RateLimitError' },
  upstreamCredentials: { kind: 'AuthenticationError', elsewhere: true },
  quotaExhausted: { kind: 'AuthenticationError', elsewhere: true },
  upstreamFailed: { kind: 'InternalServerError', failure: true },
  upstreamInvalidAnswer: { kind: 'InternalServerError', failure: true },
  upstreamTimeout: { kind: 'Timeout', failure: true },
};

/** Faults that another model group may stand in for, beside those above: nothing was sent at all. */
const UNSERVED: ReadonlySet<Fault> = new Set(['queueFull', 'allCoolingDown']);

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/** Where a failed request may go. */
export type Verdict = 'nowhere' | 'elsewhere' | 'anywhere';

/** Decides what is sent again, how often and when. */
export class RetryRules {
  /** @param random from 0 to 1 */
  constructor(
    private readonly settings: RoutingSettings['retry'],
    private readonly random: () => number = Math.random,
  ) {}

  /**
   * @param retried how often the request was sent again already
   * @param asked how often its caller wants it sent again at most; undefined: the operator's choice
   */
  judge(error: GatewayError, retried: number, asked: number | undefined): Verdict {
    const rule = RULES[error.fault];
    if (rule === undefined || this.mayPayTwice(error)) return 'nowhere';
    const times = asked ?? this.settings.timesByClass[rule.kind] ?? this.settings.times;
    if (retried >= times) return 'nowhere';
    return rule.elsewhere ? 'elsewhere' : 'anywhere';
  }

  /** Whether another model group may serve the request instead. */
  mayFallBack(error: GatewayError): boolean {
    return (error.fault in RULES || UNSERVED.has(error.fault)) && !this.mayPayTwice(error);
  }

  /** Exponential, with full jitter; at least what the provider asked for. Milliseconds. */
  pauseMs(error: GatewayError, retried: number): number {
    const longest = Math.min(FIRST_PAUSE_MS * 2 ** retried, LONGEST_PAUSE_MS);
    const asked = (error.retryAfterSeconds ?? 0) * 1000;
    return Math.max(this.random() * longest, asked, this.settings.leastPauseMs);
  }

  private mayPayTwice(error: GatewayError): boolean {
    return error.mayBeCharged && !this.settings.evenCharged;
  }
}

/** Whether a fault is the deployment's failure, and not the caller's mistake or the account's trouble. */
export function isFailure(fault: Fault): boolean {
  return RULES[fault]?.failure === true;
}

/** Whether a fault is the account's: it will refuse the next request as well. */
export function isOutage(fault: Fault): boolean {
  return RULES[fault]?.elsewhere === true;
}
