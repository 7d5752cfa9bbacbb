import sharp from 'sharp';

export type RasterFormat = 'webp' | 'png';

/** Turns a drawing into a picture file, over another picture of the same size where there is one. */
export async function renderRaster(svg: string, format: RasterFormat, beneath?: Buffer): Promise<Buffer> {
  const drawing = Buffer.from(svg);
  const picture = beneath === undefined ? sharp(drawing) : sharp(beneath).composite([{ input: drawing }]);
  const opaque = picture.removeAlpha();
  // Recraft's default is lossless WebP (recraft-api.md §4.3); little effort keeps a picture under 100 ms.
  return format === 'webp'
    ? opaque.webp({ lossless: true, effort: 0 }).toBuffer()
    : opaque.png({ compressionLevel: 3 }).toBuffer();
}
