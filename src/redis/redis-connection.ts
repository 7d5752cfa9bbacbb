import type { OnApplicationShutdown } from '@nestjs/common';
import { Redis as Client } from 'ioredis';
import type { Logger } from 'pino';
import type { Redis, RedisScript } from './redis.js';

/** Longer than any healthy answer of Redis', short enough for a request to wait for. */
const PATIENCE_MS = 1_000;
const LONGEST_PAUSE_MS = 1_000;

export interface RedisSettings {
  /** `redis://` or `rediss://`, with user and password where it needs them. */
  readonly url: string;
  /** Stands before every key, so that installations can share one Redis. */
  readonly keyPrefix: string;
}

/** The one connection to Redis. Commands are never queued while it is down, and one log line tells of each change. */
export class RedisConnection implements Redis, OnApplicationShutdown {
  private readonly client: Client;
  private wasUp: boolean | undefined;
  /** Scripts that were sent over the present connection, which Redis knows. */
  private readonly sent = new Set<RedisScript>();
  /** Resolves when it is known for the first time whether Redis answers. */
  readonly settled: Promise<void>;

  constructor(
    private readonly settings: RedisSettings,
    private readonly logger: Logger,
  ) {
    this.client = new Client(settings.url, {
      enableOfflineQueue: false,
      autoResendUnfulfilledCommands: false,
      maxRetriesPerRequest: 0,
      commandTimeout: PATIENCE_MS,
      connectTimeout: PATIENCE_MS,
      retryStrategy: (attempt) => Math.min(attempt * 50, LONGEST_PAUSE_MS),
    });
    this.settled = new Promise((resolve) => {
      for (const event of ['ready', 'error', 'close']) this.client.once(event, resolve);
    });
    this.client.on('connect', () => {
      // A program that is done otherwise need not stay for this.
      this.client.stream.unref();
    });
    this.client.on('ready', () => {
      this.note(true);
    });
    this.client.on('error', (error: Error) => {
      this.note(false, error);
    });
    this.client.on('close', () => {
      this.sent.clear();
      this.note(false);
    });
  }

  get isUp(): boolean {
    return this.client.status === 'ready';
  }

  async run(script: RedisScript, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    const names = keys.map((key) => this.settings.keyPrefix + key);
    const inFull = (): Promise<unknown> => this.client.eval(script.text, names.length, ...names, ...values);
    try {
      // In full the first time: an answer that Redis does not know it would come behind commands sent later.
      if (!this.sent.has(script)) {
        this.sent.add(script);
        return await inFull();
      }
      return await this.client.evalsha(script.sha1, names.length, ...names, ...values);
    } catch (error) {
      if (isUnknownScript(error)) return inFull();
      if (isTimeout(error)) this.reconnect();
      throw error;
    }
  }

  onApplicationShutdown(): void {
    this.wasUp = undefined;
    this.client.disconnect();
  }

  /** A Redis that hangs would keep every command waiting. Until it answers a new connection it counts as down. */
  private reconnect(): void {
    if (this.isUp) this.client.disconnect(true);
  }

  private note(isUp: boolean, error?: Error): void {
    if (isUp === this.wasUp || this.client.status === 'end') return;
    this.wasUp = isUp;
    if (isUp) this.logger.info('Redis answers.');
    else this.logger.error({ err: error }, 'Redis does not answer: what replicas share is kept by each for itself.');
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.message === 'Command timed out';
}
