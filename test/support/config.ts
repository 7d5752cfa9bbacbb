import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from './temporary-folder.js';

/** A config.yaml on disk for as long as a test needs it; JSON is YAML. */
export async function configFile(content: object): Promise<{ readonly path: string } & AsyncDisposable> {
  const folder = await temporaryFolder();
  const path = join(folder.path, 'config.yaml');
  await writeFile(path, JSON.stringify(content));
  return { path, [Symbol.asyncDispose]: () => folder.remove() };
}
