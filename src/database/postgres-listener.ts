import type pg from 'pg';
import type { Logger } from 'pino';
import { databaseError } from './database-down.js';

/** Between two attempts to connect again, in milliseconds: doubled up to the second. */
const RECONNECT_MS = { first: 200, longest: 5_000 } as const;

interface Listening {
  readonly channel: string;
  readonly hear: (payload: string) => void;
  readonly onGap: () => void;
}

/** Hears PostgreSQL's notifications, on one connection that is opened at the first wish and again when it is lost. */
export class PostgresListener {
  private readonly listenings = new Set<Listening>();
  private client: Promise<pg.Client> | undefined;
  private retry: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(
    private readonly newClient: () => pg.Client,
    private readonly logger: Logger,
  ) {}

  /** @throws GatewayError `databaseDown` where there is no connection to be had */
  async listen(channel: string, hear: (payload: string) => void, onGap: () => void): Promise<() => Promise<void>> {
    const listening = { channel, hear, onGap };
    const client = await this.connected();
    await client.query(`listen ${client.escapeIdentifier(channel)}`).catch((cause: unknown) => {
      throw databaseError(cause);
    });
    this.listenings.add(listening);
    return () => {
      this.listenings.delete(listening);
      return Promise.resolve();
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.retry);
    const client = await this.client?.catch(() => undefined); // Was reported when it failed.
    await client?.end();
  }

  private connected(): Promise<pg.Client> {
    this.client ??= this.connect().catch((error: unknown) => {
      this.client = undefined;
      throw databaseError(error);
    });
    return this.client;
  }

  private async connect(): Promise<pg.Client> {
    const client = this.newClient();
    client.on('notification', ({ channel, payload = '' }) => {
      for (const listening of this.listenings) if (listening.channel === channel) listening.hear(payload);
    });
    client.on('error', (error) => {
      this.logger.warn({ err: error }, 'the connection for notifications was lost');
    });
    await client.connect();
    client.once('end', () => {
      this.client = undefined;
      if (!this.isClosed) this.reconnect(RECONNECT_MS.first);
    });
    for (const channel of new Set([...this.listenings].map((listening) => listening.channel))) {
      await client.query(`listen ${client.escapeIdentifier(channel)}`);
    }
    return client;
  }

  private reconnect(afterMs: number): void {
    this.retry = setTimeout(() => {
      this.connected().then(
        () => {
          for (const { onGap } of this.listenings) onGap();
        },
        () => {
          this.reconnect(Math.min(2 * afterMs, RECONNECT_MS.longest));
        },
      );
    }, afterMs).unref();
  }
}
