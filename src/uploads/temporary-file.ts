import { randomUUID } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A file without a name. It is taken out of its directory as soon as it is open, so that the operating system frees it
 * when it is closed or the process ends, however that happens: nothing can be left behind and nobody else can open it.
 */
export class TemporaryFile {
  private constructor(private readonly handle: FileHandle) {}

  static async create(directory: string): Promise<TemporaryFile> {
    const path = join(directory, `image-gateway-${randomUUID()}`);
    const handle = await open(path, 'wx+', 0o600);
    try {
      await unlink(path);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new TemporaryFile(handle);
  }

  /** Adds chunks at the end with one write. Not to be called again before it is done. */
  async append(chunks: readonly Uint8Array[]): Promise<void> {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const { bytesWritten } = await this.handle.writev(chunks);
    // A disk that fills up takes a part; the next write then says why.
    if (bytesWritten < bytes) await this.append([Buffer.concat(chunks).subarray(bytesWritten)]);
  }

  /** The bytes from the start, read into one buffer: a chunk is valid until the next one is asked for. */
  async *read(bytes: number, buffer: Buffer): AsyncGenerator<Uint8Array> {
    for (let position = 0; position < bytes;) {
      const { bytesRead } = await this.handle.read(buffer, 0, Math.min(buffer.length, bytes - position), position);
      if (bytesRead === 0) throw new Error(`A temporary file ends at byte ${position} of ${bytes}.`);
      position += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  }

  /** Frees the file; waits for a read or write that is under way. */
  async close(): Promise<void> {
    await this.handle.close();
  }
}
