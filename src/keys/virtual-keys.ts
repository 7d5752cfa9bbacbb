import type { OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Database } from '../database/database.js';
import { KeyCache } from './key-cache.js';
import { KeyChanges } from './key-changes.js';
import { type Ask, KeyLookups } from './key-lookups.js';
import type { KnownKey } from './known-key.js';

/** More than twice within the time that what was read counts as true. */
const CHECK_MS = 400;

/** The keys in the database, most of them from memory. A key that changes anywhere is asked for anew within a second. */
export class VirtualKeys implements OnApplicationShutdown {
  private readonly cache = new KeyCache();
  private readonly lookups: KeyLookups;
  private readonly changes: KeyChanges;
  private readonly checks: NodeJS.Timeout;
  private isChecking = false;

  constructor(
    database: Database,
    private readonly ask: Ask,
    private readonly logger: Logger,
  ) {
    this.changes = new KeyChanges(database, this.cache);
    this.lookups = new KeyLookups((digests) => this.look(digests));
    this.checks = setInterval(() => void this.check(), CHECK_MS).unref();
  }

  /** Keys and wrong digests that are remembered. */
  get remembered(): number {
    return this.cache.size;
  }

  /** Begins to hear of changes. @throws GatewayError `databaseDown` */
  listen(): Promise<void> {
    return this.changes.listen();
  }

  /**
   * A key by its digest, without a promise where it is remembered; undefined: there is none.
   *
   * @throws GatewayError `databaseDown` (the promise)
   */
  find(digest: string): KnownKey | undefined | Promise<KnownKey | undefined> {
    const memory = this.cache.recall(digest);
    return memory === undefined ? this.lookups.find(digest) : memory.known;
  }

  /** Whether no change was heard of a key since it was found; for more than a second only while the database answers. */
  remembers(digest: string, known: KnownKey): boolean {
    return this.cache.remembers(digest, known);
  }

  /** These have changed: they are asked for anew. */
  forget(digests: readonly string[]): void {
    this.cache.forget(digests);
  }

  async onApplicationShutdown(): Promise<void> {
    clearInterval(this.checks);
    await this.changes.stop();
  }

  private async look(digests: readonly string[]): Promise<ReadonlyMap<string, KnownKey>> {
    const { generation } = this.cache;
    const readAt = performance.now();
    const found = await this.ask(digests);
    // What changed meanwhile may have been read before or after: it is good for those who asked, and for nobody else.
    if (generation === this.cache.generation) {
      for (const digest of digests) this.cache.remember(digest, found.get(digest), readAt);
    }
    return found;
  }

  /** While nothing is remembered there is nothing to check. */
  private async check(): Promise<void> {
    if (this.isChecking || this.cache.size === 0) return;
    this.isChecking = true;
    try {
      await this.changes.check();
    } catch (error) {
      // Nothing is confirmed, so from now on every key is asked for, and whoever asks learns that the database is down.
      this.logger.debug({ err: error }, 'the database does not say whether keys have changed');
    } finally {
      this.isChecking = false;
    }
  }
}
