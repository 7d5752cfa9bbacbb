import type { ConfigFile } from './config-file.js';
import type { FallbackList, RetryPolicy } from './config-shape.js';
import type { Environment } from './environment.js';
import type { Fallbacks, RoutingSettings } from './routing-settings.js';

/** What the file says about routing that a variable can say too: the variable goes first. */
export function routingVariables({ litellm, router }: ConfigFile): Partial<Environment> {
  const retries = router.num_retries ?? litellm.num_retries;
  const cooldown = router.cooldown_time ?? litellm.cooldown_time;
  return {
    ...(retries !== undefined && { NUM_RETRIES: retries }),
    ...(cooldown !== undefined && { COOLDOWN_MS: Math.max(1, Math.round(cooldown * 1000)) }),
    ...(router.disable_cooldowns !== undefined && { DISABLE_COOLDOWNS: router.disable_cooldowns }),
    ...(router.routing_strategy !== undefined && { ROUTING_STRATEGY: router.routing_strategy }),
  };
}

/** Everything about routing; `router_settings` goes before `litellm_settings`. */
export function readRouting(environment: Environment, { litellm, router }: ConfigFile): RoutingSettings {
  return {
    strategy: environment.ROUTING_STRATEGY,
    slots: {
      requestsPerSecond: environment.UPSTREAM_RPS,
      requestsPerMinute: 0,
      imagesPerMinute: environment.UPSTREAM_IPM,
      parallelRequests: 0,
    },
    queue: { size: environment.QUEUE_SIZE, timeoutMs: environment.QUEUE_TIMEOUT_MS },
    replicas: environment.REPLICAS,
    retry: {
      times: environment.NUM_RETRIES,
      timesByClass: timesByClass(router.retry_policy),
      leastPauseMs: Math.round((router.retry_after ?? 0) * 1000),
      evenCharged: environment.RETRY_CHARGED,
    },
    cooldown: {
      ms: environment.COOLDOWN_MS,
      allowedFails: router.allowed_fails ?? litellm.allowed_fails,
      disabled: environment.DISABLE_COOLDOWNS,
    },
    fallbacks: {
      byGroup: byGroup(router.fallbacks ?? litellm.fallbacks),
      forAll: router.default_fallbacks ?? litellm.default_fallbacks ?? [],
      forContent: byGroup(router.content_policy_fallbacks ?? litellm.content_policy_fallbacks),
    },
  };
}

function timesByClass(policy: RetryPolicy = {}): RoutingSettings['retry']['timesByClass'] {
  const times = {
    AuthenticationError: policy.AuthenticationErrorRetries,
    RateLimitError: policy.RateLimitErrorRetries,
    Timeout: policy.TimeoutErrorRetries,
    InternalServerError: policy.InternalServerErrorRetries,
  };
  return Object.fromEntries(Object.entries(times).filter(([, count]) => count !== undefined));
}

function byGroup(list: FallbackList = []): Fallbacks['byGroup'] {
  return new Map(list.flatMap((item) => Object.entries(item)));
}
