/** So many small chunks are joined into one: a body sent byte by byte must not cost a hundred bytes of memory each. */
const LOOSE_MAX = 512;

/** Bytes in the order they came, kept without copying as long as they come in chunks of a sensible size. */
export class ChunkList {
  #joined: Uint8Array[] = [];
  #loose: Uint8Array[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  push(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#loose.push(chunk);
    if (this.#loose.length === LOOSE_MAX) {
      this.#joined.push(Buffer.concat(this.#loose));
      this.#loose = [];
    }
  }

  /** Hands over what has come and starts again empty. */
  takeAll(): Uint8Array[] {
    const all = this.#joined.length === 0 ? this.#loose : [...this.#joined, ...this.#loose];
    this.#joined = [];
    this.#loose = [];
    this.#bytes = 0;
    return all;
  }
}

/** The first bytes of a list of chunks, at most `max` of them, copied only where they span several chunks. */
export function headOf(chunks: readonly Uint8Array[], max: number): Uint8Array {
  const [first, ...others] = chunks;
  if (first === undefined) return new Uint8Array();
  if (first.length >= max || others.length === 0) return first.subarray(0, max);

  const few: Uint8Array[] = [];
  let bytes = 0;
  for (const chunk of chunks) {
    if (bytes >= max) break;
    few.push(chunk);
    bytes += chunk.length;
  }
  return Buffer.concat(few, Math.min(bytes, max));
}
