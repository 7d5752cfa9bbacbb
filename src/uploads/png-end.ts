const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
const HEAD_BYTES = 8;
const CHECKSUM_BYTES = 4;

/**
 * Follows the chunks of a PNG file while it comes in, to know whether it comes to its end (PNG specification §5.3: a length, a
 * type, the data, a checksum; IEND is the last). It reads eight bytes of each and passes over the rest.
 */
export class PngEnd {
  private readonly head = Buffer.alloc(HEAD_BYTES);
  private filled = 0;
  private skipped = 0;
  private state: 'signature' | 'chunks' | 'ended' | 'other' = 'signature';

  /** Takes the next bytes of the file. */
  push(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length && (this.state === 'signature' || this.state === 'chunks');) {
      const skipping = Math.min(this.skipped, bytes.length - at);
      this.skipped -= skipping;
      at += skipping;
      const taken = bytes.subarray(at, at + HEAD_BYTES - this.filled);
      this.head.set(taken, this.filled);
      this.filled += taken.length;
      at += taken.length;
      if (this.filled === HEAD_BYTES) this.readHead();
    }
  }

  /** Whether this is a PNG without its end: nobody can read it whole. */
  get isMissing(): boolean {
    return this.state === 'chunks';
  }

  private readHead(): void {
    this.filled = 0;
    if (this.state === 'signature') this.state = this.head.equals(SIGNATURE) ? 'chunks' : 'other';
    else if (this.head.toString('latin1', 4) === 'IEND') this.state = 'ended';
    else this.skipped = this.head.readUInt32BE(0) + CHECKSUM_BYTES;
  }
}
