import type { KnownKey } from './known-key.js';

/** Asks for many digests at once; those that are no key's are missing in the answer. */
export type Ask = (digests: readonly string[]) => Promise<ReadonlyMap<string, KnownKey>>;

/** From the start of one question to the start of the next: so wrong keys, however many, are 20 questions a second. */
const PAUSE_MS = 50;

/** Digests of one question. */
const BATCH = 1_000;

interface Waiting {
  readonly answer: Promise<KnownKey | undefined>;
  readonly resolve: (known: KnownKey | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Puts look-ups of keys together, so that the database sees few of them: one at a time, and never faster than a pace.
 * The first after a pause goes at once.
 */
export class KeyLookups {
  private readonly waiting = new Map<string, Waiting>();
  private startedAt = -Infinity;
  private isAsking = false;

  constructor(private readonly ask: Ask) {}

  /** @throws GatewayError `databaseDown` */
  find(digest: string): Promise<KnownKey | undefined> {
    let waiting = this.waiting.get(digest);
    if (waiting === undefined) {
      const { promise: answer, resolve, reject } = Promise.withResolvers<KnownKey | undefined>();
      this.waiting.set(digest, (waiting = { answer, resolve, reject }));
      this.schedule();
    }
    return waiting.answer;
  }

  private schedule(): void {
    if (this.isAsking || this.waiting.size === 0) return;
    this.isAsking = true;
    setTimeout(() => void this.askNext(), Math.max(0, this.startedAt + PAUSE_MS - performance.now()));
  }

  private async askNext(): Promise<void> {
    const batch = [...this.waiting].slice(0, BATCH);
    for (const [digest] of batch) this.waiting.delete(digest);
    this.startedAt = performance.now();
    try {
      const known = await this.ask(batch.map(([digest]) => digest));
      for (const [digest, { resolve }] of batch) resolve(known.get(digest));
    } catch (error) {
      for (const [, { reject }] of batch) reject(error);
    }
    this.isAsking = false;
    this.schedule();
  }
}
