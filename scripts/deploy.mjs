/**
 * What the tests of Helm's chart and of the image need.
 *
 *     node scripts/deploy.mjs COMMAND…   # runs a command with HELM_PATH, IMAGE and IMAGE_ROOT set
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { requireHelm } from './deploy/helm.mjs';
import { buildImage } from './deploy/image.mjs';

/** Each folder of test/deploy: how what it needs is made, as `{ env, remove }`; it throws where that is impossible. */
export const deployNeeds = {
  chart: () => ({ env: { HELM_PATH: requireHelm() }, remove: () => undefined }),
  image: () => {
    const { name, root, remove } = buildImage();
    return { env: { IMAGE: name, IMAGE_ROOT: root }, remove };
  },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [command, ...args] = process.argv.slice(2);
  const made = [];
  try {
    for (const need of Object.values(deployNeeds)) made.push(need());
    const env = Object.assign({}, process.env, ...made.map(({ env }) => env));
    process.exitCode = spawnSync(command, args, { stdio: 'inherit', env }).status ?? 1;
  } finally {
    for (const { remove } of made) remove();
  }
}
