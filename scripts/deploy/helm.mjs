/** Helm for the tests of the chart: the one on this machine, or one built by Go and kept for the next time. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder, isRunnable, MissingTool, say } from './machine.mjs';

const VERSION = 'v3.19.2';

/** What Helm's own releases are linked with: the Kubernetes it takes itself to speak to where it speaks to none. */
const LINKED_WITH = ['Major=1', 'Minor=34'].map((part) => `-X helm.sh/helm/v3/pkg/chartutil.k8sVersion${part}`);

const BUILD_LIMIT_MS = 15 * 60_000;

/**
 * Where Helm is.
 *
 * @throws MissingTool saying what is missing
 */
export function requireHelm() {
  if (process.env.HELM_PATH) {
    if (existsSync(process.env.HELM_PATH)) return process.env.HELM_PATH;
    throw new MissingTool(`HELM_PATH names ${process.env.HELM_PATH}, which is not there`);
  }
  const folder = join(cacheFolder, `helm-${VERSION}`);
  const ours = join(folder, 'helm');
  if (existsSync(ours)) return ours;
  if (isRunnable('helm', 'version')) return 'helm';
  if (!isRunnable('go', 'version')) throw new MissingTool('there is no helm, and no Go to build it with');
  say(`building Helm ${VERSION}`);
  const { status } = spawnSync(
    'go',
    ['install', `-ldflags=-s -w ${LINKED_WITH.join(' ')}`, `helm.sh/helm/v3/cmd/helm@${VERSION}`],
    {
      env: { ...process.env, GOBIN: folder, GOFLAGS: '', CGO_ENABLED: '0' },
      stdio: ['ignore', 'ignore', 'inherit'],
      timeout: BUILD_LIMIT_MS,
    },
  );
  if (status === 0 && existsSync(ours)) return ours;
  throw new MissingTool('Go could not build Helm');
}
