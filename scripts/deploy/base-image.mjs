/**
 * A stand-in for Docker's node image, for machines that reach no registry of images: Debian by debootstrap, the Node that
 * runs this, and this machine's npm with its settings and certificates. It has what the Dockerfile uses of the real one.
 * So the tests prove the Dockerfile, and nothing about the real base image.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isRunnable, MissingTool, run, say } from './machine.mjs';

const RELEASE = 'bookworm';
const CERTIFICATES = '/etc/ssl/certs/ca-certificates.crt';
const NPM_SETTINGS = ['/usr/etc/npmrc', '/usr/local/etc/npmrc', '/etc/npmrc'];

/** The name the stand-in is kept under; nothing that could be taken for the real image. */
export const STAND_IN = `localhost/image-gateway-base:node-${process.versions.node}`;

/** Makes the stand-in where it has not been made yet. @throws MissingTool where Debian cannot be reached */
export function requireBaseImage() {
  if (isRunnable('buildah', 'inspect', '--type', 'image', STAND_IN)) return;
  say(`making a base image of Debian ${RELEASE} with Node ${process.versions.node}`);
  const folder = mkdtempSync(join(tmpdir(), 'image-gateway-base-'));
  const root = join(folder, 'root');
  try {
    // Packages are unpacked and not configured (--foreign): what is used of them needs no more, and it takes half the time.
    if (!isRunnable('debootstrap', '--foreign', '--variant=minbase', RELEASE, root)) {
      throw new MissingTool('debootstrap could not fetch Debian');
    }
    addUsers(root);
    addNode(root);
    // In a container debootstrap leaves links to the machine's own.
    for (const kernels of ['proc', 'sys']) {
      rmSync(join(root, kernels), { recursive: true, force: true });
      mkdirSync(join(root, kernels));
    }
    for (const unneeded of ['debootstrap', 'var/cache/apt', 'var/lib/apt/lists']) {
      rmSync(join(root, unneeded), { recursive: true, force: true });
    }
    const container = run('buildah', ['from', 'scratch']);
    run('buildah', ['add', '--quiet', container, root, '/']);
    run('buildah', ['commit', '--quiet', '--rm', container, STAND_IN]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Root, and the user that Docker's image has. */
function addUsers(root) {
  writeFileSync(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\nnode:x:1000:1000::/home/node:/bin/bash\n');
  writeFileSync(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
  mkdirSync(join(root, 'home/node'), { recursive: true });
}

/** Node, npm, where npm gets its packages from, and whom it trusts: as on this machine. */
function addNode(root) {
  const local = join(root, 'usr/local');
  cpSync(process.execPath, join(local, 'bin/node'));
  const npm = dirname(dirname(realpathSync(run('sh', ['-c', 'command -v npm']))));
  mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
  cpSync(npm, join(local, 'lib/node_modules/npm'), { recursive: true });
  for (const program of ['npm', 'npx']) {
    symlinkSync(`../lib/node_modules/npm/bin/${program}-cli.js`, join(local, 'bin', program));
  }
  mkdirSync(join(local, 'etc'), { recursive: true });
  const settings = NPM_SETTINGS.find(existsSync);
  if (settings) cpSync(settings, join(local, 'etc/npmrc'));
  mkdirSync(join(root, dirname(CERTIFICATES)), { recursive: true });
  if (existsSync(CERTIFICATES)) cpSync(CERTIFICATES, join(root, CERTIFICATES), { dereference: true });
}
