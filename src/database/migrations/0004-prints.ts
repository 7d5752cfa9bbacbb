import type { Migration } from '../migrate.js';

/**
 * What a call under way asks for, told in its dispatch: a retry that comes to another replica finds it there
 * (docs/decisions/paid-once.md).
 */
export const PRINTS: Migration = {
  version: 4,
  name: 'prints',
  sql: `
-- Digest of who asks, where, and for what; null where no retry can ask for it.
alter table dispatches add column print text;
`,
};
