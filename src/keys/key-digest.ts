import { hash } from 'node:crypto';

/** SHA-256 in hex: what a key is stored, looked up and called by (docs/decisions/key-hashes.md). */
export function digestOf(key: string): string {
  return hash('sha256', key);
}

const DIGEST = /^[0-9a-f]{64}$/;

/** The digest that an administrator means, who may name a key by itself or by its digest. */
export function digestMeant(keyOrDigest: string): string {
  return DIGEST.test(keyOrDigest) ? keyOrDigest : digestOf(keyOrDigest);
}

/** What a list may show of a key: enough to tell keys apart. */
export function keyName(key: string): string {
  return `sk-...${key.slice(-4)}`;
}
