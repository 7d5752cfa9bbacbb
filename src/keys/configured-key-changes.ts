import type { State } from '../audit/audit-log.js';
import type { StaticKey } from '../config/settings.js';

/** How the configured keys are now, and that those which are none any more are gone: for the record. */
export function statesOf(present: readonly StaticKey[], former: readonly StaticKey[]): State[] {
  const digests = new Set(present.map(({ digest }) => digest));
  const gone = former.filter(({ digest }) => !digests.has(digest));
  return [
    ...present.map((key) => ({ action: 'key.configure', subject: key.digest, after: recordOf(key) })),
    ...gone.map(({ digest }) => ({ action: 'key.remove', subject: digest })),
  ];
}

/** A configured key under the names that keys have in answers; where it has no limit, the field is left out. */
function recordOf(key: StaticKey): Readonly<Record<string, unknown>> {
  const { alias, models, operations, routes, aliases, tags, priority, weight } = key;
  return {
    ...{ key_alias: alias, models, operations, allowed_routes: routes, aliases, tags, priority, weight },
    ...{ rpm_limit: key.requestsPerMinute, ipm_limit: key.imagesPerMinute },
    ...{ max_parallel_requests: key.parallelRequests },
    ...{ max_budget: key.maxBudget, soft_budget: key.softBudget, budget_duration: key.budgetDuration },
  };
}
