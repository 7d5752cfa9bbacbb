import { createHash, hash } from 'node:crypto';
import type { SourceImage } from '../images/image-request.js';

/** What a request asks for, apart from who asks and how its bytes were put on the wire. */
export interface Payload {
  readonly fields: object;
  /** Pictures by their slot's name. */
  readonly pictures: ReadonlyMap<string, readonly SourceImage[]>;
}

const NOTHING: Payload = { fields: {}, pictures: new Map() };

/** A text that is longer counts by its length and its beginning where only a glance is taken. */
const LONG_TEXT = 2_048;

/**
 * Tells whether two requests ask for the same: a digest of the fields and of the pictures' bytes. A form's boundary, which
 * is another one in each attempt, is no part of it. It is made when it is asked for: few requests ever are.
 */
export class Fingerprint {
  private text: string | undefined;
  private digest: Promise<string> | undefined;
  private known: string | undefined;
  private knownSize: number | undefined;

  constructor(private payload: Payload) {}

  /** Tells most requests apart without a digest. */
  get size(): number {
    if (this.knownSize !== undefined) return this.knownSize;
    const pictures = [...this.payload.pictures.values()].flat();
    return (this.knownSize = pictures.reduce((sum, picture) => sum + sizeOf(picture), this.fields.length));
  }

  /** A digest of all but the bytes of pictures: made in microseconds, and the same for what `make` finds the same. */
  glance(scope: string): string {
    const { fields, pictures } = this.payload;
    let seen = scope;
    for (const [name, value] of Object.entries(fields)) {
      const isLong = typeof value === 'string' && value.length > LONG_TEXT;
      seen += `\0${name}\0${isLong ? `${value.length} ${value.slice(0, LONG_TEXT)}` : JSON.stringify(value)}`;
    }
    for (const [slot, some] of pictures) for (const picture of some) seen += `\0${slot}\0${sizeOf(picture)}`;
    return hash('sha256', seen, 'base64url');
  }

  /** The digest, where it has been made already. */
  get value(): string | undefined {
    return this.known;
  }

  /** Reads the pictures the first time. */
  make(): Promise<string> {
    return (this.digest ??= this.read());
  }

  /** Lets go of the request's body, once the digest has been made: nothing but that and the size is known from then on. */
  settle(): void {
    this.knownSize = this.size;
    this.payload = NOTHING;
    this.text = undefined;
  }

  private get fields(): string {
    return (this.text ??= JSON.stringify(this.payload.fields));
  }

  private async read(): Promise<string> {
    const hash = createHash('sha256').update(this.fields);
    for (const [slot, pictures] of this.payload.pictures) {
      for (const picture of pictures) {
        hash.update(`\0${slot}\0${picture.kind}\0`);
        if (picture.kind === 'link') hash.update(picture.url);
        else for await (const chunk of picture.open()) hash.update(chunk);
      }
    }
    return (this.known = hash.digest('hex'));
  }
}

function sizeOf(picture: SourceImage): number {
  return picture.kind === 'bytes' ? picture.bytes : picture.url.length;
}
