import type { IncomingHttpHeaders } from 'node:http';
import { timingSafeEqual } from 'node:crypto';
import { type Caller, unrestricted } from './caller.js';
import { digestOf } from './key-digest.js';
import type { KnownKey } from './known-key.js';
import { presentedKey } from './presented-key.js';

const MASTER: KnownKey = { caller: unrestricted('master') };

/**
 * Knows the keys that need no database: the master key and the configured ones. Digests are compared, so that neither
 * content nor length of a key shows in the time it takes.
 */
export class KeyRing {
  private readonly master: Buffer;
  private configured: ReadonlyMap<string, KnownKey> = new Map();

  constructor(masterKey: string) {
    this.master = Buffer.from(digestOf(masterKey));
  }

  /** Puts these in the place of the configured keys: callers by the digest of their key. */
  replaceConfigured(callers: readonly Caller[]): void {
    this.configured = new Map(callers.map((caller) => [caller.id, { caller }]));
  }

  /** Whom the configured keys belong to, in the order of the configuration. */
  get configuredCallers(): Caller[] {
    return Array.from(this.configured.values(), ({ caller }) => caller);
  }

  /** Whether a configured key is called so. */
  hasAlias(alias: string): boolean {
    return this.configuredCallers.some((caller) => caller.alias === alias);
  }

  /** Whether a request presents the master key. */
  presentsMaster(headers: IncomingHttpHeaders): boolean {
    try {
      return this.find(digestOf(presentedKey(headers))) === MASTER;
    } catch {
      return false; // No key, or none that can be read.
    }
  }

  /** A key by its digest; undefined where it is not known without a database. */
  find(digest: string): KnownKey | undefined {
    return timingSafeEqual(Buffer.from(digest), this.master) ? MASTER : this.configured.get(digest);
  }
}
