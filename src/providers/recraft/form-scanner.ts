/** What a scanner tells about the form that flows by. */
export interface FormListener {
  /** A part begins. Its headers by lower-case name. */
  open(headers: ReadonlyMap<string, string>): void;
  /** Some of the part's bytes, as a view into the chunk. */
  bytes(slice: Buffer): void;
  /** The part is complete. */
  close(): void;
}

/** What flows by is no form. */
export class FormScanError extends Error {
  override readonly name = 'FormScanError';
}

const NOTHING = Buffer.alloc(0);
const LINE_END = Buffer.from('\r\n');
const HEAD_END = '\r\n\r\n';
const RETURN = 0x0d;

/** Far above what servers write before the first part and behind the last; a body without any delimiter is noticed here. */
const MAX_MARGIN_BYTES = 4 * 1024;
const MAX_HEAD_BYTES = 8 * 1024;

/**
 * Follows a form (RFC 2046 §5.1, RFC 7578) chunk by chunk without keeping it: a part's bytes cost one native search for
 * the delimiter, wherever chunks are cut. What stands behind the last delimiter is ignored.
 */
export class FormScanner {
  private state: 'preamble' | 'delimiter' | 'part' | 'done' = 'preamble';
  /** What cannot be decided before more has come. The first delimiter has no line break before it, unlike all others. */
  private rest: Buffer = LINE_END;
  private readonly delimiter: Buffer;
  private marginBytes = 0;

  constructor(
    boundary: string,
    private readonly listener: FormListener,
  ) {
    this.delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /** Whether the last delimiter has gone by. */
  get complete(): boolean {
    return this.state === 'done';
  }

  /** Takes the next bytes. @throws FormScanError where they belong to no form */
  push(chunk: Buffer): void {
    let data = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    this.rest = NOTHING;
    while (data.length > 0) data = this.step(data);
  }

  /** Gives what is left to be looked at. */
  private step(data: Buffer): Buffer {
    if (this.state === 'done') return this.passMargin(data);
    return this.state === 'delimiter' ? this.passHead(data) : this.passBytes(data);
  }

  private passBytes(data: Buffer): Buffer {
    const at = data.indexOf(this.delimiter);
    const end = at === -1 ? this.undecidedFrom(data) : at;
    if (end > 0) this.tell(data.subarray(0, end));
    if (at === -1) return this.waitWith(data.subarray(end));
    if (this.state === 'part') this.listener.close();
    this.state = 'delimiter';
    return data.subarray(at + this.delimiter.length);
  }

  private tell(bytes: Buffer): void {
    if (this.state === 'part') {
      this.listener.bytes(bytes);
      return;
    }
    this.passMargin(bytes);
  }

  private passMargin(bytes: Buffer): Buffer {
    this.marginBytes += bytes.length;
    if (this.marginBytes <= MAX_MARGIN_BYTES) return NOTHING;
    throw new FormScanError(this.state === 'done' ? 'much stands behind it' : 'no part begins');
  }

  /** Where a delimiter may begin that is not whole yet: at the last line break, for a boundary has none. */
  private undecidedFrom(data: Buffer): number {
    const from = Math.max(0, data.length - this.delimiter.length + 1);
    const at = data.subarray(from).lastIndexOf(RETURN);
    if (at === -1) return data.length;
    const tail = data.subarray(from + at);
    return this.delimiter.subarray(0, tail.length).equals(tail) ? from + at : data.length;
  }

  private passHead(data: Buffer): Buffer {
    const start = data.toString('latin1', 0, 2);
    if (start === '--') {
      this.state = 'done';
      return data.subarray(start.length);
    }
    const end = data.indexOf(HEAD_END);
    if (end === -1) {
      if (data.length > MAX_HEAD_BYTES) throw new FormScanError('the head of a part is too long');
      return this.waitWith(data);
    }
    this.state = 'part';
    this.listener.open(headersOf(data.toString('latin1', 0, end)));
    return data.subarray(end + HEAD_END.length);
  }

  /** Copied, so that a few bytes do not keep a whole chunk. */
  private waitWith(bytes: Buffer): Buffer {
    this.rest = Buffer.from(bytes);
    return NOTHING;
  }
}

/** @param head from behind the boundary, whose line may end in white space */
function headersOf(head: string): ReadonlyMap<string, string> {
  const [padding = '', ...lines] = head.split('\r\n');
  if (/[^ \t]/.test(padding)) throw new FormScanError('something stands behind a boundary');
  return new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      if (colon < 1) throw new FormScanError('a header has no name');
      return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
}
