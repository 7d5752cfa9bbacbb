import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * A Node program in a process of its own. It says `{ ready: true, … }` over its IPC channel, answers each message with
 * one, and ends when the channel closes: nothing outlives the tests.
 */
export class Program {
  #process;
  #ended;

  /** What the program said about itself when it was ready, for instance `url`. */
  about;

  /** `parameters` become the program's only argument; `env` is its whole environment beside PATH, HOME and TMPDIR. */
  static async start(file, { parameters, env, execArgv } = {}) {
    const program = new Program();
    const { PATH, HOME, TMPDIR } = process.env;
    program.#process = fork(file, parameters === undefined ? [] : [JSON.stringify(parameters)], {
      env: { PATH, HOME, ...(TMPDIR && { TMPDIR }), ...env },
      execArgv,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    program.#ended = once(program.#process, 'exit').then(([code, signal]) => ({ code, signal }));
    program.about = await program.#nextMessage();
    return program;
  }

  get pid() {
    return this.#process.pid;
  }

  /** Resolves to `{ code, signal }` when the process is gone. */
  get ended() {
    return this.#ended;
  }

  /** Sends a message and resolves to the answer; one at a time. */
  ask(message) {
    this.#process.send(message);
    return this.#nextMessage();
  }

  async #nextMessage() {
    const died = this.#ended.then(({ code, signal }) => {
      throw new Error(`${this.#process.spawnargs[1]} ended with ${signal ?? code}.`);
    });
    const [message] = await Promise.race([once(this.#process, 'message'), died]);
    return message;
  }

  async [Symbol.asyncDispose]() {
    if (this.#process.connected) this.#process.disconnect();
    await this.#ended;
  }
}

/** The other side: tells that this program is ready, then answers each message with what `answer` makes of it. */
export function serve(about, answer) {
  process.on('message', async (message) => process.send((await answer(message)) ?? null));
  process.once('disconnect', () => process.exit());
  process.send({ ready: true, ...about });
}
