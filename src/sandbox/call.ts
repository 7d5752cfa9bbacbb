import { setTimeout as wait } from 'node:timers/promises';
import type { Fields } from './body.js';
import type { SandboxState } from './state.js';

/** One request that reached its route: who asks, with what, and where things are kept. */
export interface Call {
  readonly token: string;
  readonly fields: Fields;
  /** What stands in the path where its route has `{id}`; else ''. */
  readonly parameter: string;
  /** Origin that picture URLs begin with. */
  readonly pictureBase: string;
  /** Aborted when the client hangs up. */
  readonly gone: AbortSignal;
  readonly state: SandboxState;
}

/** Lets time pass, at most until the client has gone. */
export async function pause(milliseconds: number, gone: AbortSignal): Promise<void> {
  if (milliseconds === 0 || gone.aborted) return;
  await wait(milliseconds, undefined, { signal: gone }).catch((error: unknown) => {
    if (!gone.aborted) throw error;
  });
}
