import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const HERE = join(import.meta.dirname, 'recraft-client');
const REQUIREMENTS = join(HERE, 'requirements.txt');
const STAMP = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16);
const INSTALLED = join(import.meta.dirname, '../../node_modules/.recraft-client', STAMP);

const run = promisify(execFile);

/** Whether a Python is here that the client runs on. */
export async function hasPython(): Promise<boolean> {
  const check = 'import sys, pip; sys.exit(sys.version_info < (3, 11))';
  return run('python3', ['-c', check]).then(() => true, () => false); // prettier-ignore
}

/** Installs the client and what it needs, once: exact versions by their hashes, and nothing that would run a script. */
export async function installRecraftClient(): Promise<void> {
  if (await stat(INSTALLED).then(() => true, () => false)) return; // prettier-ignore
  const folder = `${INSTALLED}-${process.pid}`;
  await mkdir(folder, { recursive: true });
  const options = ['--quiet', '--disable-pip-version-check', '--require-hashes', '--only-binary', ':all:'];
  await run('python3', ['-m', 'pip', 'install', ...options, '--target', folder, '-r', REQUIREMENTS]);
  // Whole or not at all, also where two runs install at once.
  await rename(folder, INSTALLED).catch(() => rm(folder, { recursive: true }));
}

export interface ClientRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the client's in a folder, against a host and with a key. */
export async function runRecraftClient(
  args: readonly string[],
  { folder, host, key }: { readonly folder: string; readonly host: string; readonly key: string },
): Promise<ClientRun> {
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    PYTHONPATH: INSTALLED,
    RECRAFT_HOST: host,
    RECRAFT_API_TOKEN: key,
  };
  return run('python3', [join(HERE, 'run.py'), ...args, '--json'], { cwd: folder, env }).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (failure: unknown) => failure as ClientRun,
  );
}
