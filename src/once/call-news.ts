import type { Database } from '../database/database.js';

/** The channel on which replicas tell of calls: the id of one whose state has changed, or a wish. */
export const NEWS = 'idempotent_answers';
/** Begins a wish: somebody at another replica wants the answer of the call. */
const WANTED = 'wanted ';

/** Waits for news of one call until it is disposed of. */
interface News extends Disposable {
  readonly came: Promise<undefined>;
}

/** What replicas tell each other of their calls. */
export class CallNews {
  private readonly waiting = new Map<string, Set<() => void>>();
  private listening: Promise<unknown> | undefined;
  private onWanted: (requestId: string) => void = () => undefined;

  constructor(private readonly database: Database) {}

  /** Begins to hear of calls, where that has not begun. @throws GatewayError `databaseDown` */
  async listen(): Promise<void> {
    const hear = (word: string): void => {
      if (word.startsWith(WANTED)) this.onWanted(word.slice(WANTED.length));
      else this.wake(word);
    };
    const wakeAll = (): void => {
      for (const requestId of this.waiting.keys()) this.wake(requestId);
    };
    this.listening ??= this.database.listen(NEWS, hear, wakeAll);
    try {
      await this.listening;
    } catch (error) {
      this.listening = undefined;
      throw error;
    }
  }

  /** Calls back with the id of each call whose answer another replica wants. @throws GatewayError `databaseDown` */
  async hearWanted(onWanted: (requestId: string) => void): Promise<void> {
    this.onWanted = onWanted;
    await this.listen();
  }

  /**
   * Asks the replica that has a call for its answer, and waits until there is news of it, or for so many milliseconds.
   *
   * @throws GatewayError `databaseDown`; the signal's reason where it is aborted
   */
  async want(requestId: string, signal: AbortSignal, mostMs: number): Promise<void> {
    await this.listen();
    using news = this.of(requestId, signal, mostMs);
    await this.database.query(`select pg_notify('${NEWS}', $1)`, [WANTED + requestId]);
    await news.came;
  }

  /** The next news of a call: `came` resolves with it or after so many milliseconds, and rejects with the signal's reason. */
  of(requestId: string, signal: AbortSignal, mostMs: number): News {
    const { promise: came, resolve, reject } = Promise.withResolvers<undefined>();
    came.catch(() => undefined); // It may turn out that nobody has to wait.
    const come = (): void => {
      resolve(undefined);
    };
    const leave = (): void => {
      reject(signal.reason as Error);
    };
    const waiters = this.waiting.get(requestId) ?? new Set();
    this.waiting.set(requestId, waiters.add(come));
    const timeout = setTimeout(come, mostMs);
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    const dispose = (): void => {
      clearTimeout(timeout);
      signal.removeEventListener('abort', leave);
      waiters.delete(come);
      if (waiters.size === 0 && this.waiting.get(requestId) === waiters) this.waiting.delete(requestId);
    };
    return { came, [Symbol.dispose]: dispose };
  }

  private wake(requestId: string): void {
    for (const come of [...(this.waiting.get(requestId) ?? [])]) come();
  }
}
