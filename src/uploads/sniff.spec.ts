import { describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { sniff } from './sniff.js';

const SIZE = { width: 61, height: 47 };
const drawing = sharp({ create: { ...SIZE, channels: 3, background: '#a33' } });

describe('sniff', () => {
  it.each(['png', 'jpeg', 'webp', 'gif'] as const)('tells a %s and its size from its bytes', async (format) => {
    expect(sniff([await drawing.clone().toFormat(format).toBuffer()])).toEqual({ format, ...SIZE });
  });

  it.each([
    ['avif', 'avif\0\0\0\0mif1avifmiaf'],
    ['avif', 'mif1\0\0\0\0mif1avif'],
    ['heic', 'heic\0\0\0\0mif1heic'],
    ['heic', 'mif1\0\0\0\0mif1heix'],
    [undefined, 'mp42\0\0\0\0isom'],
  ])('tells a file of %s by its brands', (format, brands) => {
    const head = Buffer.from(`\0\0\0\0ftyp${brands}`, 'latin1');
    head.writeUInt32BE(head.length);
    // What stands behind the brands is none of them.
    const file = Buffer.concat([head, Buffer.from('avif heic mif1')]);
    expect(sniff([file])).toEqual({ format, width: undefined, height: undefined });
  });

  it('tells a real AVIF', async () => {
    expect(sniff([await drawing.clone().avif().toBuffer()]).format).toBe('avif');
  });

  it('reads lossless and extended WebP files', async () => {
    const lossless = await drawing.clone().webp({ lossless: true }).toBuffer();
    const transparent = await drawing.clone().ensureAlpha(0.5).webp().toBuffer();
    expect(sniff([lossless])).toEqual({ format: 'webp', ...SIZE });
    expect(sniff([transparent])).toEqual({ format: 'webp', ...SIZE });
  });

  it('reads a header that is spread over many chunks', async () => {
    const bytes = await drawing.clone().jpeg().toBuffer();
    const chunks = Array.from(bytes, (byte) => Buffer.of(byte));
    expect(sniff(chunks)).toEqual({ format: 'jpeg', ...SIZE });
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('tells how EXIF orientation %d turns a JPEG', async (orientation) => {
    const bytes = await drawing.clone().withMetadata({ orientation }).jpeg().toBuffer();
    expect(sniff([bytes])).toEqual({
      format: 'jpeg',
      ...SIZE,
      orientation: orientation === 1 ? undefined : orientation,
    });
  });

  it('reads EXIF of either byte order, and believes none that is broken', async () => {
    const plain = await drawing.clone().jpeg().toBuffer();
    const withExif = (tiff: Buffer): Buffer => {
      const body = Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff]);
      const head = Buffer.from([0xff, 0xe1, 0, 0]);
      head.writeUInt16BE(body.length + 2, 2);
      return Buffer.concat([plain.subarray(0, 2), head, body, plain.subarray(2)]);
    };
    const little = Buffer.from('49492a0008000000010012010300010000000600000000000000', 'hex');
    const big = Buffer.from('4d4d002a00000008000101120003000000010006000000000000', 'hex');
    for (const tiff of [little, big]) expect(sniff([withExif(tiff)]).orientation).toBe(6);
    for (const tiff of [
      little.subarray(0, 9),
      big.subarray(0, 15),
      Buffer.from('4d4d002affffffff', 'hex'),
      Buffer.of(),
    ]) {
      expect(sniff([withExif(tiff)])).toEqual({ format: 'jpeg', ...SIZE });
    }
  });

  it('finds the size of a progressive JPEG behind 300 KiB of metadata', async () => {
    const bytes = await drawing.clone().jpeg({ progressive: true }).toBuffer();
    const segment = Buffer.alloc(60_002);
    segment.set([0xff, 0xe2]);
    segment.writeUInt16BE(60_000, 2);
    const loaded = [bytes.subarray(0, 2), ...new Array<Buffer>(5).fill(segment), bytes.subarray(2)];
    expect(sniff(loaded)).toEqual({ format: 'jpeg', ...SIZE });
  });

  it.each([
    ['a text', 'hello, I am image.png'],
    ['a web page', '<html><svg width="1" height="1"/></html>'],
    ['a word that begins like one', '<svgfoo width="1" height="1"/>'],
    ['nothing', ''],
    ['a comment without an end', `<!-- ${'x'.repeat(200)}`],
    ['an executable', '\x7fELF\x02\x01\x01'],
  ])('knows %s for no picture', (_what, text) => {
    expect(sniff([Buffer.from(text, 'latin1')])).toEqual({ format: undefined, width: undefined, height: undefined });
  });

  it.each([
    ['png', '\x89PNG\r\n\x1a\n'],
    ['jpeg', '\xff\xd8\xff'],
    ['jpeg', '\xff\xd8\xff\xe1\x00\x00\xff\xe1\x00\x00'],
    ['jpeg', '\xff\xd8\xff\xda\xff\xc0\x00\x0b\x08\x00\x10\x00\x10'],
    ['gif', 'GIF89a'],
    ['webp', 'RIFF\x00\x00\x00\x00WEBPVP8X'],
    ['webp', `RIFF\x00\x00\x00\x00WEBPJUNK${'\x00'.repeat(20)}`],
  ])('knows a broken %s by its start and gives it no size: %j', (format, bytes) => {
    expect(sniff([Buffer.from(bytes, 'latin1')])).toEqual({ format, width: undefined, height: undefined });
  });

  it('gives no size to a picture of no pixels', () => {
    const png = Buffer.from('\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR\x00\x00\x00\x00\x00\x00\x00\x05', 'latin1');
    expect(sniff([png])).toEqual({ format: 'png', width: undefined, height: undefined });
  });

  it('is done with half a megabyte of hostile bytes in no time', () => {
    const started = performance.now();
    for (const byte of [0x00, 0x01, 0xff]) {
      const bytes = Buffer.alloc(512 * 1024, byte);
      bytes.set([0xff, 0xd8, 0xff]);
      expect(sniff([bytes]).width).toBeUndefined();
    }
    for (const piece of ['<', '<!--', '<?x ?>', '<svg a=', '<!DOCTYPE [', '<svg viewBox="0 0 ', ' ']) {
      sniff([Buffer.from(piece.repeat(512 * 128))]);
    }
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});

describe('sniff on SVG', () => {
  const sizeOf = (text: string): unknown => {
    const { format, ...size } = sniff([Buffer.from(text)]);
    return format === 'svg' ? size : format;
  };

  it.each([
    ['<svg width="30" height="20"/>'],
    ['\uFEFF<?xml version="1.0"?>\n<svg width="30px" height="20.2"></svg>'],
    ['<!-- <svg width="1" height="1"> --><svg\n height=\'20\'\n width=\'30\'>'],
    ['<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd">\n<svg viewBox="0 0 30 20">'],
    ['<!DOCTYPE svg [<!ENTITY ns "http://x/>">]>\n<svg viewBox="0,0,30,20" width="100%" height="100%">'],
    ['<svg:svg xmlns:svg="http://www.w3.org/2000/svg" width="22.5pt" height="15pt"/>'],
  ])('reads 30 by 20 from %j', (text) => {
    expect(sizeOf(text)).toEqual({ width: 30, height: 20 });
  });

  it.each([['<svg>'], ['<svg width="100%" height="100%">'], ['<svg width="0" height="0">'], ['<svg viewBox="x">']])(
    'gives no size where there is none: %j',
    (text) => {
      expect(sizeOf(text)).toEqual({ width: undefined, height: undefined });
    },
  );
});
