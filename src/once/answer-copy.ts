/**
 * Share of the memory for copies of answers that are on their way to a reader who is there: most arrive, and holding on to
 * their bytes makes the collector's work harder.
 */
const PASSING_SHARE = 1 / 8;

/** Bytes that copies of answers hold in memory, all of them together. */
export class CopyBudget {
  private held = 0;

  /** @param makeRoom forgets an answer that is kept; false where there is none */
  constructor(
    private readonly most: number,
    private readonly makeRoom: () => boolean,
  ) {}

  get inUse(): number {
    return this.held;
  }

  /** Takes room for so many bytes; false where there is none. For what is precious, older answers have to go. */
  take(bytes: number, isPrecious: boolean): boolean {
    if (!isPrecious && this.held + bytes > this.most * PASSING_SHARE) return false;
    while (this.held + bytes > this.most) if (bytes > this.most || !this.makeRoom()) return false;
    this.held += bytes;
    return true;
  }

  give(bytes: number): void {
    this.held -= bytes;
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
  /** It will be asked for: an idempotency key names it, or its reader has left. */
  isPrecious = false;
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

  add(bytes: string | Uint8Array, encoding: BufferEncoding = 'utf8'): void {
    if (this.lost || bytes.length === 0) return;
    if (!this.budget.take(bytes.length, this.isPrecious)) {
      this.drop();
      return;
    }
    this.pieces.push({ bytes, encoding });
    this.bytes += bytes.length;
  }

  /** Gives the memory back; the copy is of no use any more. */
  drop(): void {
    this.lost = true;
    this.budget.give(this.bytes);
    this.bytes = 0;
    this.pieces = [];
  }
}
