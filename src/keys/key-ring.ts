import type { IncomingHttpHeaders } from 'node:http';
import { hash, timingSafeEqual } from 'node:crypto';
import { type Caller, unrestricted } from './caller.js';
import { presentedKey } from './presented-key.js';

const MASTER = unrestricted('master');

/** Knows the keys. Digests are compared, so that neither content nor length of a key shows in the time it takes. */
export class KeyRing {
  private readonly master: Buffer;

  constructor(masterKey: string) {
    this.master = digest(masterKey);
  }

  /** Whether a request presents a key that is known here. */
  knows(headers: IncomingHttpHeaders): boolean {
    try {
      return this.find(presentedKey(headers)) !== undefined;
    } catch {
      return false; // No key, or none that can be read.
    }
  }

  /** The key's owner; undefined where it is nobody's. */
  find(key: string): Caller | undefined {
    return timingSafeEqual(digest(key), this.master) ? MASTER : undefined;
  }
}

function digest(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}
