import { Readable } from 'node:stream';
import { GatewayError } from '../errors/gateway-error.js';
import type { UploadedImage } from '../images/image-request.js';
import { pictureInMemory } from '../uploads/spool.js';

const PARAM = 'image';

/**
 * Makes of whatever the caller has what the pipeline takes: bytes as an upload, text as a reference.
 *
 * @throws GatewayError where a stream has more than `maxBytes`
 */
export async function toUploads(
  picture: unknown,
  maxBytes: number,
): Promise<{ uploads: UploadedImage[]; references: Record<string, unknown> }> {
  if (picture instanceof Uint8Array) return upload(picture);
  if (picture instanceof Blob) return upload(await picture.bytes());
  if (picture instanceof Readable) return upload(await readAll(picture, maxBytes));
  return { uploads: [], references: picture === undefined ? {} : { [PARAM]: picture } };
}

function upload(bytes: Uint8Array): { uploads: UploadedImage[]; references: Record<string, unknown> } {
  return { uploads: [pictureInMemory(PARAM, bytes)], references: {} };
}

async function readAll(stream: Readable, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(Buffer.from(chunk as Uint8Array));
    bytes += chunks.at(-1)?.length ?? 0;
    if (bytes > maxBytes)
      throw new GatewayError('tooLarge', `The picture has more than ${maxBytes} bytes.`, { param: PARAM });
  }
  return Buffer.concat(chunks, bytes);
}
