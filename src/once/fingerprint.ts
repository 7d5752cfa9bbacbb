import { createHash } from 'node:crypto';
import type { SourceImage } from '../images/image-request.js';

/** What a request asks for, apart from who asks and how its bytes were put on the wire. */
export interface Payload {
  readonly fields: object;
  /** Pictures by their slot's name. */
  readonly pictures: ReadonlyMap<string, readonly SourceImage[]>;
}

/**
 * Tells whether two requests ask for the same: a digest of the fields and of the pictures' bytes. A form's boundary, which
 * is another one in each attempt, is no part of it. It is made when it is asked for: few requests ever are.
 */
export class Fingerprint {
  private text: string | undefined;
  private digest: Promise<string> | undefined;
  private known: string | undefined;

  constructor(private readonly payload: Payload) {}

  /** Tells most requests apart without a digest. */
  get size(): number {
    const pictures = [...this.payload.pictures.values()].flat();
    return pictures.reduce(
      (sum, picture) => sum + (picture.kind === 'bytes' ? picture.bytes : picture.url.length),
      this.fields.length,
    );
  }

  /** The digest, where it has been made already. */
  get value(): string | undefined {
    return this.known;
  }

  /** Reads the pictures the first time. */
  make(): Promise<string> {
    return (this.digest ??= this.read());
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
