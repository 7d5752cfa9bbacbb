import type { Migration } from '../migrate.js';

/** Answers to requests with an idempotency key, for every replica and across restarts. */
export const ANSWERS: Migration = {
  version: 3,
  name: 'answers',
  sql: `
create table idempotent_answers (
  -- Digest of who asked and where.
  scope text not null,
  key text not null,
  -- Digest of what was asked.
  fingerprint text not null,
  -- The call that was paid for it.
  request_id text not null,
  state text not null check (state in ('running', 'answered', 'failed')),
  -- A call that has not ended by then was lost with its process.
  running_until timestamptz not null,
  status integer,
  headers jsonb,
  -- Null where the answer could not be kept.
  body bytea,
  failure jsonb,
  expires_at timestamptz not null,
  primary key (scope, key)
);
create index idempotent_answers_expiry on idempotent_answers (expires_at);
`,
};
