import { mkdtempDisposable } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type TemporaryFolder = Awaited<ReturnType<typeof mkdtempDisposable>>;

/** A folder of a test's own; gone with everything in it once it is disposed of. */
export function temporaryFolder(): Promise<TemporaryFolder> {
  return mkdtempDisposable(join(tmpdir(), 'image-gateway-test-'));
}
