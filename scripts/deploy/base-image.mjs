/**
 * A stand-in for Docker's node image, for machines that reach no registry of images: Debian by debootstrap, the Node that
 * runs this, and this machine's npm with its settings and certificates. It has what the Dockerfile uses of the real one.
 * So the tests prove the Dockerfile, and nothing about the real base image.
 */
import { appendFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isRunnable, run, say } from './machine.mjs';

const RELEASE = 'bookworm';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const NPM_SETTINGS = ['/usr/etc/npmrc', '/usr/local/etc/npmrc', '/etc/npmrc'];

/** The name the stand-in is kept under; nothing that could be taken for the real image. */
export const STAND_IN = `localhost/image-gateway-base:node-${process.versions.node}`;

/** Makes the stand-in where it has not been made yet. */
export function requireBaseImage() {
  if (isRunnable('buildah', 'inspect', '--type', 'image', STAND_IN)) return;
  say(`making a base image of Debian ${RELEASE} with Node ${process.versions.node}`);
  const folder = mkdtempSync(join(tmpdir(), 'image-gateway-base-'));
  const root = join(folder, 'root');
  try {
    run('debootstrap', ['--variant=minbase', RELEASE, root], { stdio: ['ignore', 'ignore', 'inherit'] });
    addNode(root);
    const container = run('buildah', ['from', 'scratch']);
    for (const unneeded of ['var/cache/apt', 'var/lib/apt/lists']) rmSync(join(root, unneeded), { recursive: true });
    run('buildah', ['add', '--quiet', container, root, '/']);
    run('buildah', ['commit', '--quiet', '--rm', container, STAND_IN]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Node, npm and the user that Docker's image has. */
function addNode(root) {
  const local = join(root, 'usr/local');
  cpSync(process.execPath, join(local, 'bin/node'));
  const npm = dirname(dirname(realpathSync(run('sh', ['-c', 'command -v npm']))));
  mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
  cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true });
  for (const program of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${program}-cli.js`, join(local, 'bin', program));
  }
  // Where packages come from, as here, and whom to trust.
  mkdirSync(join(local, 'etc'), { recursive: true });
  const settings = NPM_SETTINGS.find(existsSync);
  if (settings) cpSync(settings, join(local, 'etc/npmrc'));
  mkdirSync(join(root, dirname(CERTIFICATES)), { recursive: true });
  if (existsSync(CERTIFICATES)) cpSync(CERTIFICATES, join(root, CERTIFICATES), { dereference: true });
  appendFileSync(join(root, 'etc/passwd'), 'node:x:1000:1000::/home/node:/bin/bash\n');
  appendFileSync(join(root, 'etc/group'), 'node:x:1000:\n');
}
