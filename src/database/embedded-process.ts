import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { databaseDown, databaseError } from './database-down.js';
import type { FromServer, ToServer } from './embedded-protocol.js';

const PROGRAM = fileURLToPath(new URL(`./embedded-server${extname(import.meta.url)}`, import.meta.url));

interface Waiting {
  readonly resolve: (rows: readonly object[]) => void;
  readonly reject: (error: Error) => void;
}

/** One run of the embedded database's process, from its start to its end. */
export class EmbeddedProcess {
  /** Resolves when the process is gone. */
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  private constructor(
    folder: string,
    private readonly hear: (channel: string, payload: string) => void,
  ) {
    this.child = fork(PROGRAM, [folder], {
      execArgv: ['--disable-warning=ExperimentalWarning'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.ended = this.end();
  }

  /**
   * Resolves when the database takes statements.
   *
   * @throws Error saying why it does not: a folder that is in use or cannot be written
   */
  static async start(folder: string, hear: (channel: string, payload: string) => void): Promise<EmbeddedProcess> {
    const started = new EmbeddedProcess(folder, hear);
    await started.ready();
    started.child.on('message', (message) => {
      started.take(message as FromServer);
    });
    return started;
  }

  query(sql: string, parameters: readonly unknown[]): Promise<readonly object[]> {
    return new Promise((resolve, reject) => {
      const id = ++this.lastId;
      this.waiting.set(id, { resolve, reject });
      const statement: ToServer = { id, sql, parameters };
      if (this.child.connected) this.child.send(statement);
      else this.settle(id)?.reject(databaseDown(new Error('The embedded database has ended.')));
    });
  }

  /** Lets it finish and leave. */
  async close(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    await this.ended;
  }

  private async ready(): Promise<void> {
    const died = this.ended.then((): never => {
      throw new Error('the embedded database ended while it started');
    });
    const [message] = (await Promise.race([once(this.child, 'message'), died])) as [FromServer];
    if (message.kind === 'failed') throw new Error(message.reason);
  }

  private take(message: FromServer): void {
    if (message.kind === 'heard') this.hear(message.channel, message.payload);
    else if (message.kind === 'rows') this.settle(message.id)?.resolve(message.rows);
    else if (message.kind === 'refused') this.settle(message.id)?.reject(databaseError(message));
  }

  private settle(id: number): Waiting | undefined {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    return waiting;
  }

  private async end(): Promise<void> {
    await once(this.child, 'exit');
    for (const { reject } of this.waiting.values()) reject(databaseDown(new Error('The embedded database was lost.')));
    this.waiting.clear();
  }
}
