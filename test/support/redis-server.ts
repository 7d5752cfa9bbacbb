import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { unusedAddress } from './servers.js';

/** Whether this machine has Redis. Tests that need it are left out elsewhere, unless `REDIS_TESTS` is `required`. */
export const hasRedis =
  process.env['REDIS_TESTS'] === 'required' || spawnSync('redis-server', ['--version']).error === undefined;

/** A Redis of a test's own, which can be stopped, frozen and started again on the same port. It keeps nothing on disk. */
export class RedisServer implements AsyncDisposable {
  private child: ChildProcess | undefined;

  private constructor(private readonly port: string) {}

  static async start(): Promise<RedisServer> {
    const { url } = await unusedAddress();
    const server = new RedisServer(new URL(url).port);
    await server.start();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    const options = ['--port', this.port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      if (line.includes('Ready to accept connections')) break;
    }
    child.stdout.resume();
  }

  async stop(): Promise<void> {
    if (!this.child) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
    this.child = undefined;
  }

  /** It keeps its connections and answers nothing, as behind a broken network. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
