import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

export interface StoredPicture {
  readonly bytes: Buffer;
  readonly contentType: string;
  readonly expiresAt: number;
}

/** What a request for a picture meets: the picture, a wrong signature, or nothing (any more). */
export type Lookup = StoredPicture | 'forged' | 'gone';

/** Both bounds together keep the store's memory known: the oldest pictures go first. */
const MAX_PICTURES = 200;
const MAX_BYTES = 256 * 1024 * 1024;

/** The form of Recraft's picture paths as recorded (recraft-api.md §4.5): a 43-character signature, then what it signs. */
const PATH = /^\/([\w-]{43})(\/rs:fit:\d+:\d+:0\/raw:1\/plain\/abs:\/\/external\/images\/([0-9a-f-]{36}))$/;

/** Pictures answered by URL, for as long as their URLs live. */
export class PictureStore {
  readonly #pictures = new Map<string, StoredPicture>();
  readonly #secret = randomBytes(32);
  #bytes = 0;

  constructor(private readonly now: () => number) {}

  /** Keeps a picture and returns the path it can be had at, unguessable and ending in its id. */
  keep(id: string, picture: StoredPicture, width: number, height: number): string {
    this.#pictures.set(id, picture);
    this.#bytes += picture.bytes.length;
    for (const oldest of this.#pictures.keys()) {
      if (this.#pictures.size <= MAX_PICTURES && this.#bytes <= MAX_BYTES) break;
      this.#drop(oldest);
    }
    const signed = `/rs:fit:${width}:${height}:0/raw:1/plain/abs://external/images/${id}`;
    return `/${this.#sign(signed)}${signed}`;
  }

  /** Undefined where the path is not of a picture's form at all. */
  find(path: string): Lookup | undefined {
    const [, signature, signed, id] = PATH.exec(path) ?? [];
    if (signature === undefined || signed === undefined || id === undefined) return undefined;
    if (!timingSafeEqual(Buffer.from(signature), Buffer.from(this.#sign(signed)))) return 'forged';
    const picture = this.#pictures.get(id);
    if (picture !== undefined && this.now() < picture.expiresAt) return picture;
    this.#drop(id);
    return 'gone';
  }

  clear(): void {
    this.#pictures.clear();
    this.#bytes = 0;
  }

  #drop(id: string): void {
    this.#bytes -= this.#pictures.get(id)?.bytes.length ?? 0;
    this.#pictures.delete(id);
  }

  #sign(signed: string): string {
    return createHmac('sha256', this.#secret).update(signed).digest('base64url');
  }
}
