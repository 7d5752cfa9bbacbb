/** The real Dockerfile, built without an engine: by Debian's buildah, on a stand-in for its base image. */
import { requireBaseImage, STAND_IN } from './base-image.mjs';
import { installPackages, isRoot, isRunnable, MissingTool, run, say } from './machine.mjs';

/** Containers run in this process' namespaces while they are built: a nested machine often allows no others. */
export const buildahEnv = { ...process.env, BUILDAH_ISOLATION: 'chroot' };

/**
 * Builds the image and mounts it, so that its content can be looked at and run.
 *
 * @returns its name, where it is mounted, and how to be rid of both
 * @throws MissingTool saying what there is not; Error where the Dockerfile does not build
 */
export function buildImage() {
  requireTools();
  requireBaseImage();
  const name = `localhost/image-gateway-test:${process.pid}`;
  say('building the image');
  run(
    'buildah',
    [
      ...['build', '--quiet', '--format', 'docker', '--pull-never', '--network', 'host'],
      ...['--build-arg', `NODE_IMAGE=${STAND_IN}`, '--build-arg', 'REVISION=test', '--tag', name, '.'],
    ],
    { env: buildahEnv },
  );
  const container = run('buildah', ['from', '--pull-never', name]);
  const remove = () => {
    run('buildah', ['rm', container]);
    run('buildah', ['rmi', name]);
  };
  return { name, root: run('buildah', ['mount', container]), remove };
}

function requireTools() {
  if (process.platform !== 'linux') throw new MissingTool('images are built on Linux');
  if (!isRoot) throw new MissingTool('only root can build an image and run it');
  const areThere = () => isRunnable('buildah', '--version') && isRunnable('debootstrap', '--version');
  if (!areThere()) installPackages('buildah', 'debootstrap');
  if (!areThere()) throw new MissingTool('buildah or debootstrap is missing: apt-get install buildah debootstrap');
}
