/** The bytes that the tests send and expect: made alike in every process that needs them, so that none travel between. */
import { createCipheriv, createHash } from 'node:crypto';
import sharp from 'sharp';

/** At three bytes a pixel, stored uncompressed, this side makes a PNG of just over 5 MiB. */
const PNG_SIDE = 1322;

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Bytes without a pattern, always the same ones. */
function noise(length) {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(Buffer.alloc(length));
}

/** A picture as people upload it, of 5 MiB. */
export function png() {
  const raw = { width: PNG_SIDE, height: PNG_SIDE, channels: 3 };
  return sharp(noise(PNG_SIDE * PNG_SIDE * 3), { raw })
    .png({ compressionLevel: 0 })
    .toBuffer();
}

/** An answer of Recraft's (recraft-api.md §4): a picture of so many characters of base64, or a link where they are 0. */
export function answer(base64Bytes) {
  const id = '0f4e7a52-6c1d-4b83-9e2a-5d7c81b09f36';
  const picture =
    base64Bytes > 0
      ? { image_id: id, b64_json: noise(base64Bytes).toString('base64').slice(0, base64Bytes) }
      : { image_id: id, url: `https://img.recraft.ai/${id}` };
  return Buffer.from(JSON.stringify({ created: 1_763_800_000, credits: 35, data: [picture] }));
}
