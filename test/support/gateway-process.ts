import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

const MASTER_KEY = 'sk-1234';

/** A gateway in a process of its own, as it was built: for what a process sharing memory with the test cannot show. */
export class GatewayProcess implements AsyncDisposable {
  readonly url: string;

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('The gateway was never started.');
    return this.child.pid;
  }

  private constructor(
    private readonly child: ChildProcess,
    private readonly ended: Promise<unknown>,
    url: string,
  ) {
    this.url = url;
  }

  /**
   * Starts `dist/main.js` in front of an upstream; resolves when it answers.
   *
   * @param log descriptor of a file that takes what it logs
   */
  static async start(
    upstream: { readonly url: string },
    environment: Readonly<Record<string, string>>,
    log?: number,
  ): Promise<GatewayProcess> {
    const { PATH, HOME, TMPDIR } = process.env;
    const child = fork('dist/main.js', [], {
      env: {
        PATH,
        HOME,
        ...(TMPDIR !== undefined && { TMPDIR }),
        HOST: '127.0.0.1',
        PORT: '0',
        RECRAFT_API_KEY: 'test-key',
        RECRAFT_API_BASE: upstream.url,
        MASTER_KEY,
        // As in gateway.ts: limits, repeats and rests are tested by those that set them.
        UPSTREAM_RPS: '0',
        UPSTREAM_IPM: '0',
        NUM_RETRIES: '0',
        DISABLE_COOLDOWNS: 'true',
        LOG_LEVEL: 'fatal',
        // No load balancer has to hear first that it leaves.
        SHUTDOWN_GRACE_MS: '0',
        ...environment,
      },
      execArgv: ['--enable-source-maps'],
      stdio: ['ignore', log ?? 'ignore', 'inherit', 'ipc'],
    });
    const ended = once(child, 'exit');
    const died = ended.then(([code]) => Promise.reject(new Error(`The gateway ended with ${String(code)}.`)));
    const [{ url }] = (await Promise.race([once(child, 'message'), died])) as [{ url: string }];
    died.catch(() => undefined); // It may end now.
    return new GatewayProcess(child, ended, url);
  }

  /** POST of a JSON body; with the master key unless another is given. */
  post(path: string, body: unknown, key = MASTER_KEY): Promise<Response> {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  get(path: string, key = MASTER_KEY): Promise<Response> {
    return fetch(this.url + path, { headers: { authorization: `Bearer ${key}` } });
  }

  /** Ends it at once, in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Lets it finish what is under way and leave. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGTERM');
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
