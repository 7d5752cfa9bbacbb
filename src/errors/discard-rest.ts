import type { IncomingMessage, ServerResponse } from 'node:http';

/** What is read on after a refusal: enough for a client that listens only once it has sent everything. */
const PATIENCE_BYTES = 16 * 1024 * 1024;
const PATIENCE_MS = 5_000;

/**
 * Lets the rest of a refused body run into nothing, so that its sender finds the answer and not a reset connection;
 * a body that goes on and on is cut off once the answer is out. Keeps nothing in memory and returns at once.
 */
export function discardRest(req: IncomingMessage, res: ServerResponse): void {
  // Flowing in any case: bytes left in a paused request would hold up the next one on the connection.
  req.resume();
  if (req.complete || req.destroyed) return;

  let left = PATIENCE_BYTES;
  const count = (chunk: Uint8Array): void => {
    left -= chunk.length;
    if (left < 0) cutOff();
  };
  const cutOff = (): void => {
    stopCounting();
    req.pause();
    if (res.writableFinished || res.destroyed) req.destroy();
    else res.once('close', () => req.destroy());
  };
  const patience = setTimeout(cutOff, PATIENCE_MS).unref();
  const stopCounting = (): void => {
    clearTimeout(patience);
    req.off('data', count);
  };
  req.on('data', count);
  req.once('end', stopCounting);
  req.once('close', stopCounting);
}
