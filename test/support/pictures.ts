import { createHash } from 'node:crypto';
import sharp from 'sharp';

/** A plain picture, large enough for Recraft by default: 256 pixels a side. */
export function aPicture({ width = 256, height = 256, color = '#3a7' } = {}): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background: color } })
    .png()
    .toBuffer();
}

/** The bytes as the sandbox writes an upload down, besides its name and type. */
export function digestOf(bytes: Uint8Array): { bytes: number; sha256: string } {
  return { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** What a file is by its first bytes, whatever its headers say. */
export async function kindOf(bytes: Uint8Array): Promise<string> {
  const { format } = await sharp(bytes).metadata();
  return format;
}
