import { spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * A Node program run beside others: it says over its IPC channel where it listens (`{ ready: true, url }`), and stops
 * on SIGTERM or when the channel closes, that is when this process is gone. What it prints goes to this one's stderr.
 */
export class Service {
  #child;

  /** Resolves with the address when the service answers; stays open where it ends before that. */
  ready;

  /** Resolves when the process is gone, to `{ code, signal, wasReady }`. */
  ended;

  constructor(program, args, env) {
    this.#child = spawn(process.execPath, ['--enable-source-maps', '--max-semi-space-size=16', program, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 2, 2, 'ipc'],
      // A group of its own: Ctrl-C reaches the launcher alone, which stops its services in their order.
      detached: true,
    });
    let wasReady = false;
    this.ready = new Promise((resolve) => {
      this.#child.on('message', (message) => {
        if (!message?.ready) return;
        wasReady = true;
        resolve(message.url);
      });
    });
    this.ended = once(this.#child, 'exit').then(([code, signal]) => ({ code, signal, wasReady }));
  }

  /** Asks the service to finish what it is doing and leave; resolves to whether it left in good order. */
  async stop() {
    this.#child.kill('SIGTERM');
    const { code, signal } = await this.ended;
    // A service that was still starting dies of the signal itself.
    return code === 0 || signal === 'SIGTERM';
  }

  kill() {
    this.#child.kill('SIGKILL');
  }
}
