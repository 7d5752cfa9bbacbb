/** Runs commands that are ended when they take too long, and of which nothing is left when they are over. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const running = new Set();

process.once('exit', () => running.forEach(end));
// Children in groups of their own do not hear the terminal.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/**
 * Resolves to a command's exit code, and to null where it had to be ended.
 *
 * @param options `limitMs` it may take; `output`: a file descriptor for what it says, else it says it here; `env`
 */
export async function run(command, args, { limitMs, output = 'inherit', env = process.env }) {
  const child = spawn(command, args, { env, stdio: ['ignore', output, output], detached: true });
  running.add(child);
  const limit = setTimeout(() => {
    process.stderr.write(`\n${command} ${args.join(' ')} was ended: it took longer than ${limitMs / 1_000} s.\n`);
    end(child);
  }, limitMs);
  try {
    const [code] = await once(child, 'exit');
    return code;
  } finally {
    clearTimeout(limit);
    end(child);
    running.delete(child);
  }
}

/** A child and whatever it has started. */
function end({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // Nothing of it is left.
  }
}
