/** How much at once, and how much a minute; undefined: no limit. */
export interface Limits {
  readonly requestsPerMinute?: number;
  readonly imagesPerMinute?: number;
  readonly parallelRequests?: number;
}

/** Limits from columns or fields, where null and undefined both mean that there is none. */
export function limitsOf(
  requestsPerMinute: number | null | undefined,
  imagesPerMinute: number | null | undefined,
  parallelRequests: number | null | undefined,
): Limits {
  return {
    ...(requestsPerMinute != null && { requestsPerMinute }),
    ...(imagesPerMinute != null && { imagesPerMinute }),
    ...(parallelRequests != null && { parallelRequests }),
  };
}

/** The team a key belongs to: its limits and its budget are shared by all its keys. */
export interface Team {
  readonly id: string;
  readonly limits: Limits;
  /** Model groups that its keys may use, each with at most one `*`; empty: all. */
  readonly models: readonly string[];
}

/** Who is calling, and what they may do. */
export interface Caller {
  /** Names the key in the ledger: its SHA-256 in hex, or a word that no digest can be. */
  readonly id: string;
  /** What the key counts as in budgets, limits and queues, `key:<id>`: it stays when the key is regenerated. */
  readonly scope: string;
  /** What logs may show. */
  readonly alias: string;
  /** Enough of the key to recognise it, `sk-...abcd`; undefined where nobody has seen more than its digest. */
  readonly keyName?: string;
  /** The master key's owner may do everything. */
  readonly isMaster: boolean;
  readonly team?: Team;
  /** Model groups that may be used, each with at most one `*`; empty: all. */
  readonly models: readonly string[];
  /** Operations that may be used (`generate`, `vectorize`, …); empty: all. */
  readonly operations: readonly string[];
  /** Paths that may be called, each with at most one `*`; empty: all that need no master key. */
  readonly routes: readonly string[];
  /** Names of the key's own that stand for model groups. */
  readonly aliases: Readonly<Record<string, string>>;
  readonly limits: Limits;
  /** Budgets that a request counts against: the key's scope, `team:<id>`. */
  readonly budgets: readonly string[];
  /** Whether one of those budgets has an end, so that what has no price cannot be had. */
  readonly isBudgeted: boolean;
  /** What the key's requests are filed under in the ledger. */
  readonly tags: readonly string[];
  /** Whose requests go first where they have to wait: `interactive` before `batch`. */
  readonly priority: 'interactive' | 'batch';
  /** Share of the slots among keys that wait, relative to the others' weights. */
  readonly weight: number;
}

/** A caller who may do everything: the master key's owner, and code in this process. */
export function unrestricted(id: string): Caller {
  return {
    id,
    scope: `key:${id}`,
    alias: id,
    isMaster: true,
    models: [],
    operations: [],
    routes: [],
    aliases: {},
    limits: {},
    budgets: [],
    isBudgeted: false,
    tags: [],
    priority: 'interactive',
    weight: 1,
  };
}
