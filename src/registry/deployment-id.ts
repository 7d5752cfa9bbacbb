import { createHash } from 'node:crypto';

/** An id that stays the same as long as what it is made of does: 32 hexadecimal digits of its SHA-256. */
export function deploymentId(...parts: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
