/**
 * Buffers that are used again. A fresh one for every half megabyte makes the garbage collector mark the whole heap
 * several times as often, which costs more than all the copying of an upload (measured: a third of its CPU).
 */
export class BufferPool {
  readonly #idle: Buffer[] = [];

  /**
   * @param size of each buffer, in bytes
   * @param keep most buffers to keep while nobody needs them
   */
  constructor(
    readonly size: number,
    private readonly keep: number,
  ) {}

  /** Gives a buffer with whatever was in it before. */
  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(this.size);
  }

  /** Takes back a buffer that nobody reads or writes any more. */
  give(buffer: Buffer): void {
    if (this.#idle.length < this.keep) this.#idle.push(buffer);
  }
}
