import { openPicture } from './open-picture.js';
import { inTurn } from './turns.js';

/** OpenAI's own pictures have about this quality. */
const QUALITY = 90;

/** Makes a JPEG of any picture; what is transparent becomes white, for JPEG has no transparency. Rejects what is no picture. */
export function toJpeg(bytes: Uint8Array): Promise<Buffer> {
  return inTurn(async () => {
    const { decode } = await openPicture(bytes);
    return decode().flatten({ background: '#fff' }).jpeg({ quality: QUALITY }).toBuffer();
  });
}
