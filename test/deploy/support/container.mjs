import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const RUN = fileURLToPath(new URL('run-container.sh', import.meta.url));

/** What an engine would know of the image: its user, command, environment, labels. */
export const imageConfig = () =>
  JSON.parse(execFileSync('buildah', ['inspect', '--type', 'image', process.env.IMAGE], { encoding: 'utf8' })).Docker
    .config;

/**
 * Starts a container of the image.
 *
 * @param env beside what the image sets
 * @param command instead of the image's
 * @param withData whether the image's volume is mounted
 */
export function startContainer({ env = {}, command, withData = false }) {
  const { User, WorkingDir, Cmd, Env, Volumes } = imageConfig();
  const args = [process.env.IMAGE_ROOT, ...User.split(':'), WorkingDir, withData ? Object.keys(Volumes)[0] : '-'];
  const child = spawn('unshare', ['--mount', '--pid', '--fork', '--kill-child', RUN, ...args, ...(command ?? Cmd)], {
    env: { ...Object.fromEntries(Env.map((entry) => entry.split(/=(.*)/))), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'close').then(([code]) => ({ code, output }));
  return {
    ended,
    /** Resolves when the output has the text. */
    async saying(text) {
      const gone = ended.then(() =>
        Promise.reject(new Error(`The container ended before it said "${text}":\n${output}`)),
      );
      gone.catch(() => undefined);
      while (!output.includes(text)) await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), gone]);
    },
    /** Fields of /proc/PID/status of the container's first process. */
    status: () =>
      Object.fromEntries(
        readFileSync(`/proc/${firstProcess(child)}/status`, 'utf8')
          .split('\n')
          .map((line) => line.split(':\t')),
      ),
    /** Signals the first process, if it is still there, and waits for its end. */
    stop(signal) {
      if (child.exitCode === null && child.signalCode === null) process.kill(firstProcess(child), signal);
      return ended;
    },
  };
}

/** Runs a command in a container to its end. */
export const runContainer = (options) => startContainer(options).ended;

/** `unshare` only waits for the process that it forked. */
const firstProcess = ({ pid }) => Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
