import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * V8 counts the buffers of passing bodies as memory outside its heap, and meets their growth with a full collection of
 * the whole heap. They die young: collecting the young generation alone frees them at a fraction of the cost, and keeps
 * the process small (docs/decisions/buffer-garbage.md).
 */
const COLLECT_EVERY_BYTES = 16 * 1024 * 1024;

type CollectGarbage = (options: { type: 'minor' } | { type: 'major'; flavor: 'last-resort' }) => void;

setFlagsFromString('--expose-gc');
/**
 * Beside collecting the young, the heap may double before all of it is marked again. Left alone, V8 gives a heap of this
 * size room for a tenth more, buffers included, and marks it all for every sixth upload (decision as above).
 */
setFlagsFromString('--heap-growing-percent=100');
const collectGarbage = runInNewContext('gc') as CollectGarbage;

let passed = 0;

/** Counts bytes that were read from a connection and are passed on. */
export function countPassingBytes(bytes: number): void {
  passed += bytes;
  if (passed < COLLECT_EVERY_BYTES) return;
  passed = 0;
  collectGarbage({ type: 'minor' });
}

/** What starting up left behind is a quarter of the process: once it is gone, bursts have that much more room. */
export function dropStartUpGarbage(): void {
  collectGarbage({ type: 'major', flavor: 'last-resort' });
}
