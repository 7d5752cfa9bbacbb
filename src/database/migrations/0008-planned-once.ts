import type { Migration } from '../migrate.js';

/**
 * The ledger's statements are planned once for each connection. PostgreSQL planned them anew for every batch, because their
 * arrays are parameters: that was up to a third of its work for a small batch (docs/decisions/group-commit.md).
 */
export const PLANNED_ONCE: Migration = {
  version: 8,
  name: 'planned once',
  sql: 'alter function apply_to_ledger(jsonb, jsonb) set plan_cache_mode = force_generic_plan;',
};
