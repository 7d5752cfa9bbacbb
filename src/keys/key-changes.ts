import type { Database, Query } from '../database/database.js';

const CHANNEL = 'image_gateway_keys';

/** Digests that fit into one notification, which holds 8,000 bytes. */
const MOST_DIGESTS = 100;

interface Change {
  readonly number: number;
  /** Undefined: any key may have changed. */
  readonly digests?: readonly string[] | undefined;
}

/**
 * Tells every replica of a change of keys, when the transaction is committed. Changes are numbered in the order of their
 * commits: the row stays locked until then.
 *
 * @param digests the keys that changed; undefined: any of them may have
 */
export async function announce(query: Query, digests: readonly string[] | undefined): Promise<void> {
  const [row] = await query<{ number: number }>('update key_changes set number = number + 1 returning number');
  const few = digests !== undefined && digests.length <= MOST_DIGESTS;
  const change: Change = { number: row?.number ?? 0, ...(few && { digests }) };
  await query('select pg_notify($1, $2)', [CHANNEL, JSON.stringify(change)]);
}

/** The number of the last change. */
async function lastChange(database: Database): Promise<number> {
  const [row] = await database.query<{ number: number }>('select number from key_changes');
  return row?.number ?? 0;
}

/** What is to be done when keys change. */
export interface Forgetful {
  forget(digests: readonly string[]): void;
  forgetAll(): void;
  /** Nothing but what was told has changed until then, by `performance.now()`. */
  confirm(at: number): void;
}

/** Hears of changes at once, by a notification, and makes sure that none was missed, by their count. */
export class KeyChanges {
  private known: number | undefined;
  private stopListening: (() => Promise<void>) | undefined;

  constructor(
    private readonly database: Database,
    private readonly memory: Forgetful,
  ) {}

  async listen(): Promise<void> {
    const forgetAll = (): void => {
      this.memory.forgetAll();
    };
    this.stopListening = await this.database.listen(CHANNEL, (payload) => this.hear(payload), forgetAll);
    await this.check();
  }

  async stop(): Promise<void> {
    await this.stopListening?.();
  }

  /** Looks whether a change was missed. @throws GatewayError `databaseDown` */
  async check(): Promise<void> {
    const askedAt = performance.now();
    const number = await lastChange(this.database);
    if (this.known === undefined || number > this.known) {
      this.known = number;
      this.memory.forgetAll();
    }
    this.memory.confirm(askedAt);
  }

  private hear(payload: string): void {
    const { number, digests } = JSON.parse(payload) as Change;
    if (this.known !== undefined && number <= this.known) return; // A check was there first.
    const isNext = this.known !== undefined && number === this.known + 1;
    this.known = number;
    if (isNext && digests !== undefined) this.memory.forget(digests);
    else this.memory.forgetAll();
  }
}
