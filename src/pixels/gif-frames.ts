const EXTENSION = 0x21;
const IMAGE = 0x2c;
const HAS_COLOURS = 0x80;

/**
 * Whether a GIF has more frames than `most`. The picture library finds and keeps all of them before it tells their number,
 * a second and 100 MB for the million that fit into an upload; this looks at `most` and stops (GIF89a specification §20, §23).
 */
export function hasMoreFrames(gif: Uint8Array, most: number): boolean {
  let frames = 0;
  for (let at = 13 + coloursAt(gif, 10); at < gif.length;) {
    const block = gif[at];
    if (block === IMAGE) {
      frames += 1;
      if (frames > most) return true;
      at = endOfSubBlocks(gif, at + 11 + coloursAt(gif, at + 9));
    } else if (block === EXTENSION) {
      at = endOfSubBlocks(gif, at + 2);
    } else {
      return false; // The trailer, or what no reader goes on behind.
    }
  }
  return false;
}

/** Bytes of the colour table that the flags at this place announce. */
function coloursAt(gif: Uint8Array, at: number): number {
  const flags = gif[at] ?? 0;
  return (flags & HAS_COLOURS) === 0 ? 0 : 3 * 2 ** ((flags & 0x07) + 1);
}

function endOfSubBlocks(gif: Uint8Array, from: number): number {
  let at = from;
  for (let length = gif[at] ?? 0; length > 0; length = gif[at] ?? 0) at += 1 + length;
  return at + 1;
}
