/**
 * Buffers that are used again. A fresh one for every half megabyte makes the garbage collector mark the whole heap
 * several times as often, which costs more than all the copying of an upload (measured: a third of its CPU).
 */
export class BufferPool {
  readonly #idle: Buffer[] = [];
  #inUse = 0;

  /**
   * @param size of each buffer, in bytes
   * @param plenty up to so many buffers are meant to be in use; as many are kept while nobody needs them
   */
  constructor(
    readonly size: number,
    private readonly plenty: number,
  ) {}

  /** Whether another buffer may be held for long. Who needs one for a moment takes it anyway. */
  get hasRoom(): boolean {
    return this.#inUse < this.plenty;
  }

  /** Gives a buffer with whatever was in it before. */
  take(): Buffer {
    this.#inUse += 1;
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  /** Takes back a buffer that nobody reads or writes any more. */
  give(buffer: Buffer): void {
    this.#inUse -= 1;
    if (this.#idle.length < this.plenty) this.#idle.push(buffer);
  }

  /** Forgets a buffer that something may still read: it is not used again. */
  forget(): void {
    this.#inUse -= 1;
  }
}
