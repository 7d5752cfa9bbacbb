/** A segment of a JPEG file: `at` is where its marker stands, which its length and its data follow. */
export interface JpegSegment {
  readonly marker: number;
  readonly at: number;
}

const END_OF_IMAGE = 0xd9;
const START_OF_SCAN = 0xda;

/** The segments before a JPEG's first scan, as far as they are here (ITU T.81 §B.1.1). */
export function* jpegSegments(head: Buffer): Generator<JpegSegment> {
  for (let at = 2; at + 4 <= head.length;) {
    if (head[at] !== 0xff) return;
    const marker = head.readUInt8(at + 1);
    if (marker === 0xff) {
      at += 1;
    } else if (standsAlone(marker)) {
      at += 2;
    } else {
      if (marker === START_OF_SCAN || marker === END_OF_IMAGE) return;
      yield { marker, at };
      at += 2 + Math.max(2, head.readUInt16BE(at + 2));
    }
  }
}

function standsAlone(marker: number): boolean {
  return marker === 0x01 || (marker >= 0xd0 && marker <= 0xd7);
}
