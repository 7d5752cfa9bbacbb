import type { UploadedImage } from '../images/image-request.js';

/** All bytes of a picture. Its size was checked when it arrived. */
export async function bytesOf(image: UploadedImage): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(image.bytes);
  let at = 0;
  for await (const chunk of image.open()) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
