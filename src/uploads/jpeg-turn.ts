import { jpegSegments } from './jpeg-segments.js';

const APP1 = 0xe1;
const ORIENTATION = 0x0112;
const UPRIGHT = 1;
const LAST_TURN = 8;
const ENTRY_BYTES = 12;
/** Marker, length, and the word before the TIFF header. */
const EXIF_HEAD_BYTES = 10;

/** How the EXIF of a JPEG turns it: its orientation, 2 to 8 (CIPA DC-008 §4.6.4, TIFF 6.0 §2); undefined where it does not. */
export function jpegTurn(head: Buffer): number | undefined {
  for (const { marker, at } of jpegSegments(head)) {
    if (marker !== APP1 || head.toString('latin1', at + 4, at + EXIF_HEAD_BYTES) !== 'Exif\0\0') continue;
    const end = Math.min(head.length, at + 2 + head.readUInt16BE(at + 2));
    const orientation = orientationOf(head.subarray(at + EXIF_HEAD_BYTES, end)) ?? UPRIGHT;
    return orientation > UPRIGHT && orientation <= LAST_TURN ? orientation : undefined;
  }
  return undefined;
}

/** Looks through the first directory of a TIFF; undefined where it says nothing, or is broken. */
function orientationOf(tiff: Buffer): number | undefined {
  const order = tiff.toString('latin1', 0, 2);
  if (tiff.length < 8 || (order !== 'II' && order !== 'MM')) return undefined;
  const short = (at: number): number => (order === 'II' ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at));
  const directory = order === 'II' ? tiff.readUInt32LE(4) : tiff.readUInt32BE(4);
  if (directory + 2 > tiff.length) return undefined;
  const entries = Math.min(short(directory), Math.floor((tiff.length - directory - 2) / ENTRY_BYTES));
  for (let entry = 0; entry < entries; entry++) {
    const at = directory + 2 + entry * ENTRY_BYTES;
    if (short(at) === ORIENTATION) return short(at + 8);
  }
  return undefined;
}
