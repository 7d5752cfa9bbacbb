/** Base64 of a stream: three bytes become four characters; what does not fill a triple waits for the next chunk. */
export class Base64Flow {
  private rest = Buffer.alloc(0);

  /** The characters of all whole triples so far, as bytes; the chunk may be used again afterwards. */
  push(chunk: Uint8Array): Buffer {
    const bytes =
      this.rest.length > 0
        ? Buffer.concat([this.rest, chunk])
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    const whole = bytes.length - (bytes.length % 3);
    this.rest = Buffer.from(bytes.subarray(whole));
    return Buffer.from(bytes.toString('base64', 0, whole), 'latin1');
  }

  /** The last characters, padded. Another stream may follow. */
  end(): Buffer {
    const last = Buffer.from(this.rest.toString('base64'), 'latin1');
    this.rest = Buffer.alloc(0);
    return last;
  }
}
