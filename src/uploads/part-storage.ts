import type { Request } from 'express';
import type { StorageEngine } from 'multer';
import type { Spool, UploadedPart } from './spool.js';

/** Given by us to a file part that came without a file name, which multer would drop without a word. */
export const NAMELESS_FILE = 'nameless';

/** The file parts of one form, in the order they came: multer hands them in, the spool keeps them. */
export class PartStorage implements StorageEngine {
  readonly #parts: { readonly nameless: boolean; readonly stored: Promise<UploadedPart> }[] = [];

  constructor(private readonly spool: Spool) {}

  _handleFile(_req: Request, file: Express.Multer.File, callback: (error?: unknown) => void): void {
    const stored = this.spool.store(file.stream, file.fieldname);
    this.#parts.push({ nameless: file.originalname === NAMELESS_FILE, stored });
    stored.then(() => {
      callback();
    }, callback);
  }

  /** Nothing to do: a form that fails is disposed of as a whole, parts that multer lost sight of included. */
  _removeFile(_req: Request, _file: Express.Multer.File, callback: (error: Error | null) => void): void {
    callback(null);
  }

  /** All parts of a form that was read to its end, without the empty ones browsers send for unused file inputs. */
  async parts(): Promise<UploadedPart[]> {
    const parts = await Promise.all(
      this.#parts.map(async ({ nameless, stored }) => ({ nameless, part: await stored })),
    );
    return parts.filter(({ nameless, part }) => !(nameless && part.bytes === 0)).map(({ part }) => part);
  }

  /** Frees every part, also those that are still coming in: their sources must have ended or failed. */
  async dispose(): Promise<void> {
    const settled = await Promise.allSettled(this.#parts.map(({ stored }) => stored));
    const parts = settled.filter((part) => part.status === 'fulfilled').map((part) => part.value);
    await Promise.all(parts.map((part) => part.dispose()));
  }
}
