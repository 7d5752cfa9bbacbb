import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const HOME = path.join(import.meta.dirname, '.portkey');
const MANIFEST_FILE = path.join(HOME, 'package.json');
const INSTALL_PATIENCE_MS = 180_000;
const START_PATIENCE_MS = 30_000;
const POLL_MS = 50;

/** Portkey runs on the Node of its own container image: `FROM node:20-alpine` in its Dockerfile. */
const NODE_PACKAGE = `node-linux-${process.arch}`;

// The versions of Portkey's own lock file: with newer ones of @hono/node-server its edits answer 500 (their issue 1389).
const MANIFEST = JSON.stringify({
  private: true,
  dependencies: { '@portkey-ai/gateway': '1.15.2', [NODE_PACKAGE]: '20.20.2' },
  overrides: { '@hono/node-server': '1.13.5', hono: '4.9.7', '@hono/node-ws': '1.2.0' },
});

/** The Node it runs on. */
export const PORTKEY_NODE = path.join(HOME, 'node_modules', NODE_PACKAGE, 'bin/node');

/** Portkey's server as it was installed by installPortkey. */
export const PORTKEY_SERVER = path.join(HOME, 'node_modules/@portkey-ai/gateway/build/start-server.js');

/** Installs Portkey beside this file on first use; throws where the registry cannot be reached. */
export async function installPortkey() {
  if (existsSync(PORTKEY_SERVER) && (await readFile(MANIFEST_FILE, 'utf8')) === MANIFEST) return;
  await rm(HOME, { recursive: true, force: true });
  await mkdir(HOME);
  await writeFile(MANIFEST_FILE, MANIFEST);
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--fetch-retries=1'];
  try {
    await promisify(execFile)('npm', ['install', ...flags], { cwd: HOME, timeout: INSTALL_PATIENCE_MS });
  } catch (cause) {
    await rm(HOME, { recursive: true, force: true });
    const reason = /npm error code (\S+)/.exec(cause.stderr)?.[1] ?? cause.message;
    throw new Error(`Portkey could not be installed: ${reason}.`, { cause });
  }
}

/**
 * Starts Portkey on a free port. Resolves to its address, and to the headers with which it asks an upstream as its Recraft
 * provider; disposing of it stops it.
 *
 * @throws Error where it cannot be installed or does not answer
 */
export async function startPortkey() {
  await installPortkey();
  const port = await freePort();
  const child = spawn(PORTKEY_NODE, [PORTKEY_SERVER, '--headless', `--port=${port}`], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  const deadline = performance.now() + START_PATIENCE_MS;
  while (!(await answers(url))) {
    if (child.exitCode === null && performance.now() < deadline) await pause(POLL_MS);
    else {
      await stop();
      throw new Error('Portkey does not start.');
    }
  }
  return {
    url,
    headersFor: (upstream) => ({ 'x-portkey-provider': 'recraft-ai', 'x-portkey-custom-host': `${upstream}/v1` }),
    [Symbol.asyncDispose]: stop,
  };
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

function answers(url) {
  return fetch(url).then(
    ({ ok }) => ok,
    () => false,
  );
}
