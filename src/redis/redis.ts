import { hash } from 'node:crypto';

/** A Lua script: the one way to read and write several keys of Redis as one step. */
export class RedisScript {
  /** Redis knows a script that it has seen by this. */
  readonly sha1: string;

  constructor(readonly text: string) {
    this.sha1 = hash('sha1', text);
  }
}

/**
 * What replicas share. Nobody may depend on it being there: a command fails within a second where Redis does not answer,
 * and at once while it is known to be down.
 */
export interface Redis {
  /** Whether a command is worth trying. */
  readonly isUp: boolean;
  /**
   * Runs a script. Keys get the prefix of this gateway's installation.
   *
   * @throws Error where Redis does not answer, or the script fails; it may have run all the same
   */
  run(script: RedisScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown>;
}

/** Injection token of the one connection; undefined where `REDIS_URL` is unset. */
export const Redis = Symbol('Redis');
