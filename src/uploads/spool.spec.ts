import { describe, expect, it } from '@jest/globals';
import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { digestOf, filesIn } from '../../test/support/body-server.js';
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
    const spool = new Spool({ directory: folder.path, memoryBytes: 0 });
    const bytes = randomBytes(size);
    const part = await spool.store(sourceOf(bytes), 'image');
    expect(part).toMatchObject({ kind: 'bytes', param: 'image', bytes: size, format: undefined });
    expect(await digestOf(part)).toBe(sha256(bytes));
    expect(await Promise.all([digestOf(part), digestOf(part)])).toEqual([sha256(bytes), sha256(bytes)]);
    await part.dispose();
  });

  it('leaves no name in the directory, not even while a file is in use', async () => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: folder.path, memoryBytes: 0 });
    const part = await spool.store(sourceOf(randomBytes(300 * KIB)), 'image');
    expect(await readdir(folder.path)).toEqual([]);
    await part.dispose();
  });

  it('reads in chunks of an eighth of a megabyte', async () => {
    await using folder = await temporaryFolder();
    const part = await new Spool({ directory: folder.path, memoryBytes: 0 }).store(
      sourceOf(randomBytes(1200 * KIB)),
      'i',
    );
    const lengths: number[] = [];
    for await (const chunk of part.open()) lengths.push(chunk.length / KIB);
    expect(lengths).toEqual([128, 128, 128, 128, 128, 128, 128, 128, 128, 48]);
    await part.dispose();
  });

  it('gives no two parts the same buffer while one of them may still be sent', async () => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: folder.path, memoryBytes: 0 });
    const [one, two] = await Promise.all(
      ['a', 'b'].map((text) => spool.store(sourceOf(Buffer.alloc(300 * KIB, text)), text)),
    );
    if (!one || !two) throw new Error('Both parts are stored.');
    const last = (await Array.fromAsync(one.open())).at(-1);
    await Array.fromAsync(two.open());
    expect(last?.at(0)).toBe('a'.charCodeAt(0));
    await Promise.all([one.dispose(), two.dispose()]);
  });

  it('can be disposed of twice, and is not opened afterwards', async () => {
    await using folder = await temporaryFolder();
    const part = await new Spool({ directory: folder.path, memoryBytes: 0 }).store(sourceOf(randomBytes(10)), 'image');
    await part.dispose();
    await part.dispose();
    expect(() => part.open()).toThrow('disposed');
  });

  it('keeps large parts in memory as long as all of them together have room', async () => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: folder.path, memoryBytes: 1024 * KIB });
    const bytes = randomBytes(600 * KIB);
    const [one, two] = await Promise.all([spool.store(sourceOf(bytes), 'one'), spool.store(sourceOf(bytes), 'two')]);
    expect(await filesIn(folder.path)).not.toEqual([]);
    expect(await digestOf(one)).toBe(sha256(bytes));
    expect(await digestOf(two)).toBe(sha256(bytes));
    await Promise.all([one.dispose(), two.dispose()]);
    const three = await spool.store(sourceOf(bytes), 'image');
    expect(await filesIn(folder.path)).toEqual([]);
    expect(await digestOf(three)).toBe(sha256(bytes));
    await three.dispose();
  });

  it('uses no buffer again that a broken reading may still be sending', async () => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: folder.path, memoryBytes: 1024 * KIB });
    const part = await spool.store(sourceOf(Buffer.alloc(600 * KIB, 'a')), 'image');
    const reading = part.open()[Symbol.asyncIterator]();
    const sending = (await reading.next()).value as Uint8Array;
    await part.dispose();
    const next = await spool.store(sourceOf(Buffer.alloc(600 * KIB, 'b')), 'image');
    expect(sending.every((byte) => byte === 'a'.charCodeAt(0))).toBe(true);
    await next.dispose();
  });

  it('asks a source to wait while a batch is written', async () => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: folder.path, memoryBytes: 0 });
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
    const spool = new Spool({ directory: folder.path, memoryBytes: 0 });
    const source = new PassThrough();
    const stored = spool.store(source, 'image');
    source.write(randomBytes(600 * KIB));
    source.destroy(new Error('the line broke'));
    await expect(stored).rejects.toThrow('the line broke');
  });

  it('fails at the start of the service where the directory takes no files', async () => {
    await using folder = await temporaryFolder();
    const spool = new Spool({ directory: join(folder.path, 'missing'), memoryBytes: 0 });
    await expect(spool.onModuleInit()).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(spool.store(sourceOf(randomBytes(300 * KIB)), 'image')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('pictureInMemory', () => {
  it('is a picture like an uploaded one', async () => {
    const picture = pictureInMemory('image_url', Buffer.from('<svg width="3" height="2"/>'));
    expect(picture).toMatchObject({ kind: 'bytes', param: 'image_url', bytes: 27, format: 'svg', width: 3, height: 2 });
    expect(Buffer.concat(await Array.fromAsync(picture.open())).toString()).toContain('<svg');
  });
});
