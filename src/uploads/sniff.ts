import type { UploadedImage } from '../images/image-request.js';
import { headOf } from './chunk-list.js';
import { jpegTurn } from './jpeg-turn.js';
import { gifSize, jpegSize, pngSize, webpSize } from './pixel-size.js';
import type { PixelSize } from './pixel-size.js';
import { readSvgHead } from './svg-head.js';

/** What the bytes themselves say; declared types and file names are the client's guess and are not asked. */
export type Sniffed = Pick<UploadedImage, 'format' | 'width' | 'height' | 'orientation'>;

/** Enough for every header but a JPEG's with much metadata before its frame. */
const SHORT_HEAD_BYTES = 64 * 1024;
const LONG_HEAD_BYTES = 512 * 1024;
const MAX_BRANDS_END = 256;

const NOTHING: Sniffed = { format: undefined, width: undefined, height: undefined };

/** Looks at the first bytes of a picture; never throws, however broken they are. */
export function sniff(chunks: readonly Uint8Array[]): Sniffed {
  const short = headOf(chunks, SHORT_HEAD_BYTES);
  const sniffed = sniffHead(short);
  const moreMayHelp = sniffed.format !== undefined && sniffed.width === undefined && short.length === SHORT_HEAD_BYTES;
  return moreMayHelp ? sniffHead(headOf(chunks, LONG_HEAD_BYTES)) : sniffed;
}

function sniffHead(bytes: Uint8Array): Sniffed {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const magic = head.toString('latin1', 0, 12);
  if (magic.startsWith('\x89PNG\r\n\x1a\n')) return sized('png', pngSize(head));
  if (magic.startsWith('\xff\xd8\xff')) return { ...sized('jpeg', jpegSize(head)), orientation: jpegTurn(head) };
  if (magic.startsWith('RIFF') && magic.slice(8) === 'WEBP') return sized('webp', webpSize(head));
  if (/^GIF8[79]a/.test(magic)) return sized('gif', gifSize(head));
  // Its size stands anywhere in the file, and is not needed: Recraft takes none.
  if (/^(?:II\*\0|MM\0\*)/.test(magic)) return { ...NOTHING, format: 'tiff' };
  if (magic.slice(4, 8) === 'ftyp') return { ...NOTHING, format: heifFormat(head) };
  return sniffSvg(head);
}

/**
 * AVIF and HEIC are told apart by the brands of their first box (ISO 14496-12 §4.3; ISO 23008-12 annex B; AV1 Image File
 * Format §6). Their sizes stand deep inside, and are not needed: Recraft takes neither.
 */
function heifFormat(head: Buffer): Sniffed['format'] {
  const end = Math.min(head.length, head.readUInt32BE(0), MAX_BRANDS_END);
  const brands = head.toString('latin1', 8, end);
  if (/avi[fs]/.test(brands)) return 'avif';
  return /he[iv][cxms]|mif1|msf1/.test(brands) ? 'heic' : undefined;
}

function sniffSvg(head: Buffer): Sniffed {
  // Binary files are not decoded: an SVG starts with a byte order mark, white space or an angle bracket.
  if (!/^(?:\xef\xbb\xbf|\s|<)/.test(head.toString('latin1', 0, 3))) return NOTHING;
  const svg = readSvgHead(head.toString('utf8'));
  return svg ? sized('svg', svg.size) : NOTHING;
}

function sized(format: NonNullable<Sniffed['format']>, size: PixelSize | undefined): Sniffed {
  return { format, width: size?.width, height: size?.height };
}
