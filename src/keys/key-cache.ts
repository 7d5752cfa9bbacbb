import type { KnownKey } from './known-key.js';

/** Keys, and digests that are no key's, that are remembered at most. */
const MOST = 10_000;

/** For how long a key is remembered, and a digest that is no key's. */
const KEY_MS = 60_000;
const WRONG_MS = 10_000;

/** What was read is true for this long without hearing that nothing has changed. */
const FRESH_MS = 900;

interface Memory {
  readonly known: KnownKey | undefined;
  readonly readAt: number;
}

/**
 * What the database said about keys. It is used only while it is known to be true: read, or confirmed, within the last
 * second (docs/decisions/key-cache.md). Times are milliseconds of `performance.now()`.
 */
export class KeyCache {
  private readonly keys = new Map<string, Memory>();
  private readonly wrong = new Map<string, Memory>();
  private confirmedAt = -Infinity;
  /** Counts what was forgotten, so that what was read before is not remembered after. */
  generation = 0;

  get size(): number {
    return this.keys.size + this.wrong.size;
  }

  /** What is known of a digest: undefined where that has to be asked. */
  recall(digest: string, now = performance.now()): Memory | undefined {
    const memory = this.keys.get(digest) ?? this.wrong.get(digest);
    if (memory === undefined) return undefined;
    const isFresh = now - Math.max(memory.readAt, this.confirmedAt) < FRESH_MS;
    return isFresh && now - memory.readAt < lifetimeOf(memory) ? memory : undefined;
  }

  /** Whether that is still what is known of a digest, as far as was heard. */
  remembers(digest: string, known: KnownKey): boolean {
    return this.keys.get(digest)?.known === known;
  }

  remember(digest: string, known: KnownKey | undefined, readAt: number): void {
    this.forgetOne(digest);
    const memories = known === undefined ? this.wrong : this.keys;
    if (memories.size >= MOST) {
      const [oldest = digest] = memories.keys();
      memories.delete(oldest);
    }
    memories.set(digest, { known, readAt });
  }

  /** Nothing that is remembered had changed at that moment. */
  confirm(at: number): void {
    this.confirmedAt = Math.max(this.confirmedAt, at);
    this.dropOutlived(at);
  }

  forget(digests: readonly string[]): void {
    this.generation += 1;
    for (const digest of digests) this.forgetOne(digest);
  }

  forgetAll(): void {
    this.generation += 1;
    this.keys.clear();
    this.wrong.clear();
  }

  private forgetOne(digest: string): void {
    this.keys.delete(digest);
    this.wrong.delete(digest);
  }

  /** Each map is in the order of its reading, so the outlived ones come first. */
  private dropOutlived(now: number): void {
    for (const memories of [this.keys, this.wrong]) {
      for (const [digest, memory] of memories) {
        if (now - memory.readAt < lifetimeOf(memory)) break;
        memories.delete(digest);
      }
    }
  }
}

function lifetimeOf({ known }: Memory): number {
  return known === undefined ? WRONG_MS : KEY_MS;
}
