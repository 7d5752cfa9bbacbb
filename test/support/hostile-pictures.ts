import { crc32, deflateSync } from 'node:zlib';

/** A GIF of one pixel and any number of frames, 15 bytes each. */
export function manyFrames(count: number): Buffer {
  const screen = [0x01, 0x00, 0x01, 0x00, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff];
  const frame = [0x2c, 0, 0, 0, 0, 0x01, 0x00, 0x01, 0x00, 0x00, 0x02, 0x02, 0x44, 0x01, 0x00];
  const frames = Buffer.alloc(frame.length * count, Buffer.from(frame));
  return Buffer.concat([Buffer.from('GIF89a'), Buffer.from(screen), frames, Buffer.from([0x3b])]);
}

/** A small PNG that claims to be a large picture: decoded, it would take four bytes for each pixel. */
export function aPngHeader(width: number, height: number): Buffer {
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  size.set([8, 6], 8); // eight bits a channel, with alpha
  const magic = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1');
  return Buffer.concat([
    magic,
    pngChunk('IHDR', size),
    pngChunk('IDAT', deflateSync(Buffer.alloc(1_000))),
    pngChunk('IEND'),
  ]);
}

function pngChunk(type: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, checksum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
