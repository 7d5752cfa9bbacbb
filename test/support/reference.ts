import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Kept beside the checkout, not in it: tests that compare with these documents are left out where they are missing. */
const REFERENCE = join(import.meta.dirname, '../../../shared/reference');

/** Text of a reference document; undefined where it is not on this machine. */
export function referenceText(name: string): string | undefined {
  const path = join(REFERENCE, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Ends the name of a test that is left out. */
export const leftOut = (name: string): string => `(left out: ../shared/reference/${name} is not on this machine)`;
