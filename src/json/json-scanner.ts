/** What a scanner tells about the document that flows by. */
export interface JsonListener {
  /**
   * A value begins. `path` names the way to it, `*` standing for "an element of an array"; it is the scanner's own
   * array, valid during the call. Answer true to be given the value's text: strings without quotes and still escaped,
   * numbers and words as they stand.
   */
  open(path: readonly string[], kind: JsonKind): boolean;
  /** Some of the text of the value that was asked for, as a view into the chunk. */
  text(slice: Buffer): void;
  /** The value at `path` is complete. */
  close(path: readonly string[], kind: JsonKind): void;
}

export type JsonKind = 'object' | 'array' | 'string' | 'scalar';

/** The document is not JSON; `offset` counts bytes from its start. */
export class JsonScanError extends Error {
  override readonly name = 'JsonScanError';

  constructor(
    what: string,
    readonly offset: number,
  ) {
    super(`${what} at byte ${offset}`);
  }
}

const enum Byte {
  Tab = 0x09,
  LineFeed = 0x0a,
  Return = 0x0d,
  Space = 0x20,
  Quote = 0x22,
  Comma = 0x2c,
  Colon = 0x3a,
  OpenBracket = 0x5b,
  Backslash = 0x5c,
  CloseBracket = 0x5d,
  OpenBrace = 0x7b,
  CloseBrace = 0x7d,
}

type State =
  | 'value'
  | 'firstValueOrEnd'
  | 'key'
  | 'firstKeyOrEnd'
  | 'inKey'
  | 'colon'
  | 'inString'
  | 'inScalar'
  | 'commaOrEnd'
  | 'done';

/** Far above anything a picture API answers; keeps hostile nesting from growing the stack. */
const MAX_DEPTH = 64;
/** Longer names are cut: nobody asks for them. */
const MAX_KEY = 256;
const ANY_ELEMENT = '*';

/**
 * Follows a JSON document chunk by chunk without keeping it. Long strings cost one native search for their closing
 * quote, so that megabytes of base64 pass at memory speed. It checks the structure (a truncated or garbled document is
 * noticed), not every rule of the grammar inside numbers and escapes.
 */
export class JsonScanner {
  private state: State = 'value';
  private readonly path: string[] = [];
  private readonly kinds: ('object' | 'array')[] = [];
  private key = '';
  private escaped = false;
  private wanted = false;
  private consumed = 0;

  constructor(private readonly listener: JsonListener) {}

  /** Whether one whole document has gone by. */
  get complete(): boolean {
    return this.state === 'done';
  }

  /** Takes the next bytes. @throws JsonScanError at the first byte that cannot belong to a JSON document */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.step(chunk, at);
    this.consumed += chunk.length;
  }

  private step(chunk: Buffer, at: number): number {
    switch (this.state) {
      case 'inString':
        return this.passString(chunk, at);
      case 'inKey':
        return this.passKey(chunk, at);
      case 'inScalar':
        return this.passScalar(chunk, at);
      default:
        if (!isSpace(chunk[at])) this.structure(chunk, at);
        return at + 1;
    }
  }

  private structure(chunk: Buffer, at: number): void {
    const byte = chunk[at];
    switch (this.state) {
      case 'firstValueOrEnd':
        if (byte === Byte.CloseBracket) return this.closeContainer();
        return this.beginValue(chunk, at);
      case 'value':
        return this.beginValue(chunk, at);
      case 'firstKeyOrEnd':
        if (byte === Byte.CloseBrace) return this.closeContainer();
        return this.beginKey(byte, at);
      case 'key':
        return this.beginKey(byte, at);
      case 'colon':
        if (byte !== Byte.Colon) throw this.unexpected(at);
        this.state = 'value';
        return;
      case 'commaOrEnd':
        return this.commaOrEnd(byte, at);
      default:
        throw this.unexpected(at);
    }
  }

  private beginKey(byte: number | undefined, at: number): void {
    if (byte !== Byte.Quote) throw this.unexpected(at);
    this.key = '';
    this.state = 'inKey';
  }

  private beginValue(chunk: Buffer, at: number): void {
    const byte = chunk[at];
    if (byte === Byte.OpenBrace) return this.openContainer('object', at);
    if (byte === Byte.OpenBracket) return this.openContainer('array', at);
    if (byte === Byte.Quote) {
      this.wanted = this.listener.open(this.path, 'string');
      this.state = 'inString';
      return;
    }
    if (!isScalarByte(byte)) throw this.unexpected(at);
    this.wanted = this.listener.open(this.path, 'scalar');
    this.state = 'inScalar';
    if (this.wanted) this.listener.text(chunk.subarray(at, at + 1));
  }

  private openContainer(kind: 'object' | 'array', at: number): void {
    if (this.kinds.length === MAX_DEPTH) throw this.unexpected(at);
    this.listener.open(this.path, kind);
    this.kinds.push(kind);
    this.path.push(ANY_ELEMENT);
    this.state = kind === 'object' ? 'firstKeyOrEnd' : 'firstValueOrEnd';
  }

  private closeContainer(): void {
    const kind = this.kinds.pop();
    this.path.pop();
    if (kind) this.endValue(kind);
  }

  private endValue(kind: JsonKind): void {
    this.listener.close(this.path, kind);
    this.state = this.kinds.length === 0 ? 'done' : 'commaOrEnd';
  }

  private commaOrEnd(byte: number | undefined, at: number): void {
    const inObject = this.kinds.at(-1) === 'object';
    if (byte === Byte.Comma) {
      this.state = inObject ? 'key' : 'value';
    } else if (byte === (inObject ? Byte.CloseBrace : Byte.CloseBracket)) {
      this.closeContainer();
    } else {
      throw this.unexpected(at);
    }
  }

  private passString(chunk: Buffer, at: number): number {
    const quote = this.closingQuote(chunk, at);
    const end = quote === -1 ? chunk.length : quote;
    if (this.wanted && end > at) this.listener.text(chunk.subarray(at, end));
    if (quote === -1) return end;
    this.endValue('string');
    return end + 1;
  }

  private passKey(chunk: Buffer, at: number): number {
    const quote = this.closingQuote(chunk, at);
    const end = quote === -1 ? chunk.length : quote;
    if (this.key.length < MAX_KEY) this.key += chunk.toString('latin1', at, Math.min(end, at + MAX_KEY));
    if (quote === -1) return end;
    this.path[this.path.length - 1] = this.key;
    this.state = 'colon';
    return end + 1;
  }

  private passScalar(chunk: Buffer, at: number): number {
    let end = at;
    while (end < chunk.length && isScalarByte(chunk[end])) end++;
    if (this.wanted && end > at) this.listener.text(chunk.subarray(at, end));
    if (end < chunk.length) this.endValue('scalar');
    return end;
  }

  /** Index of the quote that closes the string, or -1: it is not in this chunk. */
  private closingQuote(chunk: Buffer, start: number): number {
    let from = start;
    if (this.escaped) {
      this.escaped = false;
      from++;
    }
    for (;;) {
      const quote = chunk.indexOf(Byte.Quote, from);
      const end = quote === -1 ? chunk.length : quote;
      let slashes = 0;
      while (end - slashes > from && chunk[end - slashes - 1] === Byte.Backslash) slashes++;
      const escapesNext = slashes % 2 === 1;
      if (quote === -1) {
        this.escaped = escapesNext;
        return -1;
      }
      if (!escapesNext) return quote;
      from = quote + 1;
    }
  }

  private unexpected(at: number): JsonScanError {
    return new JsonScanError(this.state === 'done' ? 'something follows the document' : 'not JSON', this.consumed + at);
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === Byte.Space || byte === Byte.LineFeed || byte === Byte.Return || byte === Byte.Tab;
}

/** Letters, digits, sign and point: what numbers, true, false and null are made of. */
function isScalarByte(byte: number | undefined): boolean {
  if (byte === undefined) return false;
  const isDigitOrSign = (byte >= 0x30 && byte <= 0x39) || byte === 0x2b || byte === 0x2d || byte === 0x2e;
  return isDigitOrSign || (byte >= 0x61 && byte <= 0x7a) || byte === 0x45;
}
