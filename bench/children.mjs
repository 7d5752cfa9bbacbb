import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidRun } from './invalid-run.mjs';

const STOP_PATIENCE_MS = 3_000;
const READY_PATIENCE_MS = 30_000;
const POLL_MS = 50;
const LOG_TAIL_CHARS = 1_500;

/** Every process started here that has not ended yet. */
const running = new Set();

/** A process tied to one core with all its threads; both of its outputs go to a file. Dispose it to stop it. */
export class Child {
  #process;
  #logFile;

  /** `command` is a program with its arguments; `env` is its whole environment beside PATH and HOME. */
  constructor(command, { core, env = {}, logFile }) {
    this.#logFile = logFile;
    const { PATH, HOME } = process.env;
    const log = openSync(logFile, 'w');
    this.#process = spawn('taskset', ['-c', String(core), ...command], {
      env: { PATH, HOME, ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    running.add(this);
    this.ended = this.#end();
  }

  async #end() {
    try {
      const [code] = await once(this.#process, 'exit');
      return code;
    } finally {
      running.delete(this);
    }
  }

  /** The pid of the command itself: taskset becomes it. */
  get pid() {
    return this.#process.pid;
  }

  get output() {
    return readFileSync(this.#logFile, 'utf8');
  }

  kill(signal) {
    this.#process.kill(signal);
  }

  /** Resolves once `url` answers 200; throws InvalidRun with the log's end where the process ends or stays silent. */
  async ready(url) {
    const deadline = Date.now() + READY_PATIENCE_MS;
    while (Date.now() < deadline && running.has(this)) {
      if (await answers(url)) return;
      await sleep(POLL_MS);
    }
    throw new InvalidRun(`${url} does not answer. The process's last words:\n${this.output.slice(-LOG_TAIL_CHARS)}`);
  }

  /** Asks the process to end, and ends it where it does not within three seconds. */
  async [Symbol.asyncDispose]() {
    if (!running.has(this)) return;
    this.kill('SIGTERM');
    const killer = setTimeout(() => this.kill('SIGKILL'), STOP_PATIENCE_MS);
    await this.ended;
    clearTimeout(killer);
  }
}

/** True when `url` answers 200; a refused connection means: not yet. */
async function answers(url) {
  try {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.status === 200;
  } catch (error) {
    if (error.cause?.code === 'ECONNREFUSED') return false;
    throw error;
  }
}

/** Makes sure that nothing outlives this process, also when it is interrupted. */
export function endWithChildren() {
  process.once('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
  for (const [signal, number] of [
    ['SIGHUP', 1],
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ]) {
    process.once(signal, () => process.exit(128 + number));
  }
}
