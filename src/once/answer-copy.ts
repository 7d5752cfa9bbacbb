/**
 * Share of the memory for copies of answers that are on their way to a reader who is there: most arrive, and buffers that
 * are held outlive the small collections: then only full ones free them (docs/decisions/paid-once.md).
 */
const PASSING_SHARE = 1 / 32;

/**
 * What a copy is worth. `passing`: its reader is there, and would not say so if it asked again. `spare`: its reader is there or has
 * had all of it, but may ask again. `owed`: it will be asked for, because an idempotency key names it, or its reader has left.
 */
export type Worth = 'passing' | 'spare' | 'owed';

/** Bytes that copies of answers hold in memory, all of them together. */
export class CopyBudget {
  private held = 0;
  private passing = 0;

  /** @param makeRoom forgets the copy of an answer that is kept, only a spare one unless it is for one that is owed; false where there is none */
  constructor(
    private readonly most: number,
    private readonly makeRoom: (worth: Worth) => boolean,
  ) {}

  get inUse(): number {
    return this.held;
  }

  /** Takes room for so many bytes, for which older copies may have to go; false where there is none. */
  take(bytes: number, worth: Worth): boolean {
    if (worth === 'passing' && this.passing + bytes > this.most * PASSING_SHARE) return false;
    while (this.held + bytes > this.most) if (bytes > this.most || !this.makeRoom(worth)) return false;
    this.held += bytes;
    if (worth === 'passing') this.passing += bytes;
    return true;
  }

  give(bytes: number, worth: Worth): void {
    this.held -= bytes;
    if (worth === 'passing') this.passing -= bytes;
  }

  /** What was passing is worth more now. */
  stay(bytes: number): void {
    this.passing -= bytes;
  }
}

/** A piece of an answer as it was written. */
export interface Piece {
  readonly bytes: string | Uint8Array;
  /** Of a text. */
  readonly encoding: BufferEncoding;
}

/** What an answer's reader was sent, kept so that another can be sent the same. */
export class AnswerCopy {
  status = 0;
  headers: readonly string[] = [];
  private worth: Worth = 'passing';
  private pieces: Piece[] = [];
  private bytes = 0;
  private lost = false;

  constructor(private readonly budget: CopyBudget) {}

  /** Whether all that was sent is here: false once there was no room for it. */
  get isWhole(): boolean {
    return !this.lost;
  }

  get body(): readonly Piece[] {
    return this.pieces;
  }

  /** Bytes that it holds in memory. */
  get size(): number {
    return this.bytes;
  }

  /** It is worth so much from now on; never less than before. */
  becomes(worth: 'spare' | 'owed'): void {
    if (this.worth === 'owed') return;
    if (this.worth === 'passing') this.budget.stay(this.bytes);
    this.worth = worth;
  }

  add(bytes: string | Uint8Array, encoding: BufferEncoding = 'utf8'): void {
    if (this.lost || bytes.length === 0) return;
    if (!this.budget.take(bytes.length, this.worth)) {
      this.drop();
      return;
    }
    this.pieces.push({ bytes, encoding });
    this.bytes += bytes.length;
  }

  /** Nothing more will be added, and it stays for a while: it lets go of the larger buffers that its pieces were cut from. */
  settle(): void {
    this.pieces = this.pieces.map(({ bytes, encoding }) => ({
      bytes: typeof bytes === 'string' || bytes.length === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes),
      encoding,
    }));
  }

  /** Gives the memory back; the copy is of no use any more. */
  drop(): void {
    this.lost = true;
    this.budget.give(this.bytes, this.worth);
    this.bytes = 0;
    this.pieces = [];
  }
}
