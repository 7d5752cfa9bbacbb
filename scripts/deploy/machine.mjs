/** What this machine has, and what can be put on it. */
import { spawnSync } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';

const INSTALL_LIMIT_MS = 10 * 60_000;

/** What is made once and kept: beside the Node that scripts/use-node.sh keeps. */
export const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'image-gateway');

export const isRoot = process.getuid?.() === 0;

export const isRunnable = (...command) => spawnSync(command[0], command.slice(1), { stdio: 'ignore' }).status === 0;

/** Something is not on this machine and cannot be put on it; unlike an error, which says that what was built is wrong. */
export class MissingTool extends Error {}

/** Runs a command to its end; what it says goes to stderr. @throws Error naming the command that failed */
export function run(command, args, options = {}) {
  const { status, stdout, error } = spawnSync(command, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args[0]} failed`);
  return stdout.trim();
}

/** Debian's packages, without what they only recommend. Whether it worked is for the caller to see. */
export function installPackages(...names) {
  say(`installing ${names.join(', ')}`);
  for (const args of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...names],
  ]) {
    spawnSync('apt-get', args, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: INSTALL_LIMIT_MS,
    });
  }
}

export const say = (text) => process.stderr.write(`image-gateway: ${text}\n`);
