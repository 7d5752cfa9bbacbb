import { isUint8Array } from 'node:util/types';
import { Readable } from 'node:stream';
import { GatewayError } from '../errors/gateway-error.js';
import type { UploadedImage } from '../images/image-request.js';
import { pictureInMemory } from '../uploads/spool.js';

const PARAM = 'image';

export interface Pictures {
  readonly uploads: readonly UploadedImage[];
  /** What is no bytes: URLs, or a caller's mistake, under the field's name. */
  readonly references: Readonly<Record<string, unknown>>;
}

/**
 * Makes of whatever the caller has what the pipeline takes: bytes as uploads, text as references. A list is taken as
 * OpenAI's SDKs take it, so that more than one picture is refused in the same words.
 *
 * @throws GatewayError where a stream has more than `maxBytes`
 */
export async function toUploads(picture: unknown, maxBytes: number): Promise<Pictures> {
  const uploads: UploadedImage[] = [];
  const references: unknown[] = [];
  for (const one of Array.isArray(picture) ? (picture as unknown[]) : [picture]) {
    const bytes = await bytesOf(one, maxBytes);
    if (bytes) uploads.push(pictureInMemory(PARAM, bytes));
    else if (one !== undefined && one !== null) references.push(one);
  }
  if (references.length === 0) return { uploads, references: {} };
  return { uploads, references: { [PARAM]: references.length === 1 ? references[0] : references } };
}

/** Undefined for what holds no bytes. */
async function bytesOf(picture: unknown, maxBytes: number): Promise<Uint8Array | undefined> {
  if (isUint8Array(picture)) return picture;
  if (picture instanceof Blob) return picture.bytes();
  if (picture instanceof Readable) return readAll(picture, maxBytes);
  return undefined;
}

async function readAll(stream: Readable, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) {
      throw new GatewayError('tooLarge', `The picture has more than ${maxBytes} bytes.`, { param: PARAM });
    }
  }
  return Buffer.concat(chunks, bytes);
}
