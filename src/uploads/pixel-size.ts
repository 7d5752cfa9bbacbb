import { jpegSegments } from './jpeg-segments.js';

export interface PixelSize {
  readonly width: number;
  readonly height: number;
}

/*
 * Sizes are read here and not by a package: image-size 2.1 walks a broken JPEG byte by byte (100 ms of blocked event
 * loop for half a megabyte) and reads past the end of a short GIF or WebP into unrelated memory.
 * Each reader gives undefined where the header is not complete, and looks at each byte once at most.
 */

/** PNG specification §11.2.2: IHDR comes first. */
export function pngSize(head: Buffer): PixelSize | undefined {
  if (head.length < 24 || head.toString('latin1', 12, 16) !== 'IHDR') return undefined;
  return sizeOf(head.readUInt32BE(16), head.readUInt32BE(20));
}

/** GIF89a specification §18: the logical screen. */
export function gifSize(head: Buffer): PixelSize | undefined {
  return head.length < 10 ? undefined : sizeOf(head.readUInt16LE(6), head.readUInt16LE(8));
}

/** RFC 9649 §2.5 to 2.7: lossy, lossless and extended files. */
export function webpSize(head: Buffer): PixelSize | undefined {
  if (head.length < 30) return undefined;
  switch (head.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return sizeOf(head.readUInt16LE(26) & 0x3fff, head.readUInt16LE(28) & 0x3fff);
    case 'VP8L': {
      const bits = head.readUInt32LE(21);
      return sizeOf(1 + (bits & 0x3fff), 1 + ((bits >>> 14) & 0x3fff));
    }
    case 'VP8X':
      return sizeOf(1 + head.readUIntLE(24, 3), 1 + head.readUIntLE(27, 3));
    default:
      return undefined;
  }
}

/** ITU T.81 §B.2.2: the first start-of-frame segment, whatever metadata comes before it. Turning by EXIF is ignored. */
export function jpegSize(head: Buffer): PixelSize | undefined {
  for (const { marker, at } of jpegSegments(head)) {
    if (!startsFrame(marker)) continue;
    return at + 9 <= head.length ? sizeOf(head.readUInt16BE(at + 7), head.readUInt16BE(at + 5)) : undefined;
  }
  return undefined;
}

/** C0 to CF are frames, except the tables and extensions C4, C8 and CC. */
function startsFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
}

function sizeOf(width: number, height: number): PixelSize | undefined {
  return width > 0 && height > 0 ? { width, height } : undefined;
}
