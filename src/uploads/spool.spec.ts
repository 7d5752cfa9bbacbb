import { describe, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { digestOf } from '../../test/support/body-server.js';
import { temporaryFolder } from '../../test/support/temporary-folder.js';
import { pictureInMemory, Spool } from './spool.js';

const KIB = 1024;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

function sourceOf(bytes: Uint8Array, chunkBytes = 64 * KIB): PassThrough {
  const source = new PassThrough();
  for (let at = 0; at < bytes.length; at += chunkBytes) source.write(bytes.subarray(at, at + chunkBytes));
  source.end();
  return source;
}

describe('Spool', () => {
  it.each([
    ['nothing', 0],
    ['what just fits into memory', 256 * KIB],
    ['one byte more', 256 * KIB + 1],
    ['a whole number of batches', 1024 * KIB],
    ['5 MiB and a bit', 5 * 1024 * KIB + 17],
  ])('keeps %s and gives it out as often as it is asked', async (_what, size) => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: folder.path, spoolBytes: 256 * KIB });
    const bytes = randomBytes(size);
    const part = await spool.store(sourceOf(bytes), 'image');
    expect(part).toMatchObject({ kind: 'bytes', param: 'image', bytes: size, format: undefined });
    expect(await digestOf(part)).toBe(sha256(bytes));
    expect(await Promise.all([digestOf(part), digestOf(part)])).toEqual([sha256(bytes), sha256(bytes)]);
    await part.dispose();
  });

  it('leaves no name in the directory, not even while a file is in use', async () => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: folder.path, spoolBytes: 0 });
    const part = await spool.store(sourceOf(randomBytes(10)), 'image');
    expect(await readdir(folder.path)).toEqual([]);
    await part.dispose();
  });

  it('reads in chunks of a quarter of a megabyte', async () => {
    await using folder = await temporaryFolder();
    const part = await new Spool({ directory: folder.path, spoolBytes: 0 }).store(
      sourceOf(randomBytes(1200 * KIB)),
      'i',
    );
    const lengths: number[] = [];
    for await (const chunk of part.open()) lengths.push(chunk.length / KIB);
    expect(lengths).toEqual([256, 256, 256, 256, 176]);
    await part.dispose();
  });

  it('gives no two parts the same buffer while one of them may still be sent', async () => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: folder.path, spoolBytes: 0 });
    const [one, two] = await Promise.all(['a', 'b'].map((text) => spool.store(sourceOf(Buffer.from(text)), text)));
    if (!one || !two) throw new Error('Both parts are stored.');
    const [first] = await Array.fromAsync(one.open());
    await Array.fromAsync(two.open());
    expect(Buffer.from(first ?? []).toString()).toBe('a');
    await Promise.all([one.dispose(), two.dispose()]);
  });

  it('can be disposed of twice, and is not opened afterwards', async () => {
    await using folder = await temporaryFolder();
    const part = await new Spool({ directory: folder.path, spoolBytes: 0 }).store(sourceOf(randomBytes(10)), 'image');
    await part.dispose();
    await part.dispose();
    expect(() => part.open()).toThrow('disposed');
  });

  it('asks a source to wait while a batch is written', async () => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: folder.path, spoolBytes: 0 });
    const source = new PassThrough({ highWaterMark: KIB });
    const stored = spool.store(source, 'image');
    let paused = 0;
    source.on('pause', () => (paused += 1));
    const bytes = randomBytes(2048 * KIB);
    for (let at = 0; at < bytes.length; at += 64 * KIB) source.write(bytes.subarray(at, at + 64 * KIB));
    source.end();
    const part = await stored;
    expect(paused).toBeGreaterThanOrEqual(3);
    expect(await digestOf(part)).toBe(sha256(bytes));
    await part.dispose();
  });

  it('fails with the source, and keeps nothing', async () => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: folder.path, spoolBytes: 0 });
    const source = new PassThrough();
    const stored = spool.store(source, 'image');
    source.write(randomBytes(600 * KIB));
    source.destroy(new Error('the line broke'));
    await expect(stored).rejects.toThrow('the line broke');
  });

  it('fails at the start of the service where the directory takes no files', async () => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: join(folder.path, 'missing'), spoolBytes: 0 });
    await expect(spool.onModuleInit()).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(spool.store(sourceOf(randomBytes(10)), 'image')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('pictureInMemory', () => {
  it('is a picture like an uploaded one', async () => {
    const picture = pictureInMemory('image_url', Buffer.from('<svg width="3" height="2"/>'));
    expect(picture).toMatchObject({ kind: 'bytes', param: 'image_url', bytes: 27, format: 'svg', width: 3, height: 2 });
    expect(Buffer.concat(await Array.fromAsync(picture.open())).toString()).toContain('<svg');
  });
});
