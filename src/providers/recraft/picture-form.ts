import { FormScanError, FormScanner } from './form-scanner.js';
import { chargeOf } from './charge.js';
import { withoutPictures } from './picture-relay.js';
import { invalidAnswer } from './upstream-errors.js';

/** A picture as the first part of a form tells of it. */
export type PictureEntry = Readonly<Record<string, unknown>> & { readonly image_id: string };

/** The first part of a form: the usual JSON, without the pictures' bytes. */
export interface FormDocument {
  /** Everything but the pictures. */
  readonly members: Readonly<Record<string, unknown>>;
  readonly pictures: readonly PictureEntry[];
  /** One picture as `image`, or a list as `data` (recraft-api.md §4.4). */
  readonly isSingle: boolean;
}

/** What is told about an answer that flows by as a form. The document comes first, then the pictures in their order. */
export interface PictureFormListener {
  document(document: FormDocument): void;
  open(picture: PictureEntry): void;
  /** Some bytes of the picture, as a view into the chunk. */
  bytes(slice: Buffer): void;
  close(): void;
}

const MAX_DOCUMENT_BYTES = 64 * 1024;
const BOUNDARY = /^multipart\/form-data\s*;(?:.*;)?\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i;
const PART_NAME = /;\s*name=(?:"([^"]*)"|([^\s;]+))/i;
const PICTURE_ID = /^[\w-]+$/;

/**
 * Reads one answer of Recraft's that is a form: a part `response` with the usual JSON, then one part for each of its
 * pictures, named by `image_id` (recraft-api.md §4.2). It keeps the first part alone.
 */
export class PictureForm {
  /** Pictures that have begun. */
  images = 0;
  private credits: unknown;
  private first: Buffer[] | undefined;
  private firstBytes = 0;
  /** Pictures of the document that have not come; undefined before there is one. */
  private missing: Map<string, PictureEntry> | undefined;
  private received = 0;
  private readonly scanner: FormScanner | undefined;

  /** @param contentType of the answer: it names the boundary */
  constructor(
    contentType: string,
    private readonly listener: PictureFormListener,
  ) {
    const [, quoted, plain] = BOUNDARY.exec(contentType) ?? [];
    const boundary = quoted ?? plain;
    this.scanner = boundary === undefined ? undefined : new FormScanner(boundary, {
      open: (headers) => { this.openPart(headers); },
      bytes: (slice) => { this.takeBytes(slice); },
      close: () => { this.closePart(); },
    }); // prettier-ignore
  }

  /** Whether the last part has gone by. */
  get complete(): boolean {
    return this.scanner?.complete ?? false;
  }

  /** What Recraft charged, in micro-dollars; undefined while the answer has not said so. */
  get chargedMicroDollars(): number | undefined {
    return chargeOf(this.credits);
  }

  /** Takes the next bytes. @throws GatewayError where they belong to no form with pictures */
  push(chunk: Buffer): void {
    this.received += chunk.length;
    if (!this.scanner) throw invalidAnswer('it is a form without a boundary');
    try {
      this.scanner.push(chunk);
    } catch (cause) {
      throw cause instanceof FormScanError ? invalidAnswer(`it is no form: ${cause.message}`, { cause }) : cause;
    }
  }

  /** The answer has ended. @throws GatewayError where it is cut short or lacks a picture */
  end(): void {
    if (this.received === 0) throw invalidAnswer('it is empty');
    if (!this.complete) throw invalidAnswer('it is cut short');
    if (!this.missing) throw invalidAnswer('it has no pictures');
    if (this.missing.size > 0) throw invalidAnswer('it lacks a picture');
  }

  private openPart(headers: ReadonlyMap<string, string>): void {
    const [, quoted, plain] = PART_NAME.exec(headers.get('content-disposition') ?? '') ?? [];
    const name = quoted ?? plain ?? '';
    if (!this.missing) {
      if (name !== 'response') throw invalidAnswer('its first part is no response');
      this.first = [];
      return;
    }
    const picture = this.missing.get(name);
    if (!picture) throw invalidAnswer('one of its parts belongs to no picture');
    this.missing.delete(name);
    this.images++;
    this.listener.open(picture);
  }

  private takeBytes(slice: Buffer): void {
    if (!this.first) {
      this.listener.bytes(slice);
      return;
    }
    this.firstBytes += slice.length;
    if (this.firstBytes > MAX_DOCUMENT_BYTES) throw invalidAnswer('its first part is too long');
    // Copied, so that little text does not keep a whole chunk.
    this.first.push(Buffer.from(slice));
  }

  private closePart(): void {
    if (!this.first) {
      this.listener.close();
      return;
    }
    const text = Buffer.concat(this.first, this.firstBytes);
    this.first = undefined;
    const document = readDocument(text);
    this.missing = new Map(document.pictures.map((picture) => [picture.image_id, picture]));
    if (this.missing.size === 0) throw withoutPictures(text);
    this.credits = document.members['credits'];
    this.listener.document(document);
  }
}

/** Whether a content type is a form's. */
export function isForm(contentType: string | undefined): contentType is string {
  return contentType !== undefined && /^multipart\/form-data\b/i.test(contentType);
}

function readDocument(text: Buffer): FormDocument {
  const value = parse(text);
  if (!isRecord(value)) throw invalidAnswer('its first part is no JSON object');
  const { data, image, ...members } = value;
  const isSingle = !Array.isArray(data);
  const pictures: unknown[] = isSingle ? [image] : data;
  return { members, isSingle, pictures: pictures.filter((picture) => picture !== undefined).map(toEntry) };
}

function parse(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString('utf8'));
  } catch (cause) {
    throw invalidAnswer('its first part is not JSON', { cause });
  }
}

/** Bytes of its own would stand beside those of its part. */
function toEntry(picture: unknown): PictureEntry {
  if (!isRecord(picture)) throw invalidAnswer('a picture of it has no id');
  const { b64_json: _bytes, image_id: id, ...members } = picture;
  if (typeof id !== 'string' || !PICTURE_ID.test(id)) throw invalidAnswer('a picture of it has no id');
  return { image_id: id, ...members };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
