/** A request that is about to be sent, as `apply_to_ledger` reads it: short names, because each request pays for them. */
export interface ReservationEntry {
  /** Its place in the batch; answered with the outcome. */
  n?: number;
  readonly id: string;
  /** How many times this call was sent before. */
  readonly seq: number;
  readonly key: string;
  readonly alias?: string | undefined;
  readonly team?: string | undefined;
  readonly model?: string | undefined;
  readonly operation?: string | undefined;
  readonly images: number;
  /** Micro-dollars; undefined where the model has no price. */
  readonly price?: number | undefined;
  readonly user?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  /** The budgets it counts against; undefined where there are none. */
  readonly scopes?: readonly string[] | undefined;
  /** What a retry would ask for as well (telemetry/call-record.ts). */
  readonly print?: string | undefined;
  /** Milliseconds after which it counts as unfinished. */
  readonly ttl: number;
}

export type EndStatus = 'success' | 'failure' | 'possibly_charged';

/** How a request ended, as `apply_to_ledger` reads it. */
export interface EndingEntry {
  readonly id: string;
  readonly seq: number;
  readonly status: EndStatus;
  readonly fault?: string | undefined;
  readonly images?: number | undefined;
  /** Micro-dollars that the provider says it charged. */
  readonly charged?: number | undefined;
  readonly upstream?: string | undefined;
}

/** What became of a reservation against budgets: `full` is the scope of the budget that had no room. */
export interface ReservationOutcome {
  /** Its place in the batch. */
  readonly n?: number;
  /** The places of all that it is the outcome of, where they were granted. */
  readonly ns?: readonly number[];
  readonly full?: string;
  /** The budgets of its caller are not those that it named. */
  readonly outdated?: true;
  /** Of the full budget, or of the key's own; micro-dollars. */
  readonly spent: number | null;
  readonly reserved?: number;
  readonly max: number | null;
  readonly resetsAt?: string | null;
  /** Of the key's own budget, where another one may be full; micro-dollars. */
  readonly keySpent?: number | null;
  readonly keyMax?: number | null;
}

/** A soft budget that was passed, for the first time in its window. */
export interface SoftPassing {
  readonly scope: string;
  readonly soft: number;
  readonly spent: number;
}

/** What `apply_to_ledger` answers; both are missing where no budget was touched. */
export interface BatchAnswer {
  readonly reserved?: readonly ReservationOutcome[];
  readonly passed?: readonly SoftPassing[];
}

export const APPLY = 'select apply_to_ledger($1::jsonb, $2::jsonb)::text as answer';

/** Reads what it answers. */
export const batchAnswer = (text = '{}'): BatchAnswer => JSON.parse(text) as BatchAnswer;
