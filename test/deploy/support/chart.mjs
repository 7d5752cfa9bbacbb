import { execFileSync, spawnSync } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';

export const CHART = 'deploy/helm/image-gateway';
export const EXAMPLES = 'deploy/helm/examples';

/** The newest Kubernetes that this Helm and the schemas know alike. */
const KUBERNETES = ['--kube-version', '1.34.0'];

/** What Helm makes of the chart: one object a manifest. */
export const render = (...options) => renderAs('demo', ...options);

/** The same for a release of this name. */
export function renderAs(release, ...options) {
  const text = helm('template', release, CHART, '--namespace', 'images', ...KUBERNETES, ...options);
  return parseAllDocuments(text).map((document) => document.toJS());
}

/** What Helm says where it refuses the values. */
export function refusal(...options) {
  const { status, stderr } = spawnSync(process.env.HELM_PATH, ['template', 'demo', CHART, ...KUBERNETES, ...options], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : stderr;
}

/** Runs with a file of these values, for what `--set` cannot say. */
export async function withValues(values, use) {
  const folder = await mkdtemp(join(tmpdir(), 'image-gateway-values-'));
  const file = join(folder, 'values.yaml');
  await writeFile(file, JSON.stringify(values));
  try {
    return use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Throws with what Helm's linter says where it finds anything, warnings included. */
export const lint = (...options) => helm('lint', '--strict', '--quiet', CHART, ...KUBERNETES, ...options);

/**
 * What is shown after an installation. Helm renders it only where it has a cluster, so here a copy of the chart has it as
 * a manifest.
 */
export async function notes(...options) {
  const folder = await mkdtemp(join(tmpdir(), 'image-gateway-chart-'));
  try {
    await cp(CHART, folder, { recursive: true, dereference: true });
    const text = await readFile(`${CHART}/templates/NOTES.txt`, 'utf8');
    const manifest = `{{ define "notes" }}${text}{{ end }}\nnotes: {{ include "notes" . | toJson }}\n`;
    await writeFile(`${folder}/templates/notes.yaml`, manifest);
    const only = ['--show-only', 'templates/notes.yaml'];
    return parse(helm('template', 'demo', folder, '--namespace', 'images', ...only, ...KUBERNETES, ...options)).notes;
  } finally {
    await rm(folder, { recursive: true });
  }
}

export const only = (manifests, kind) => {
  const found = manifests.filter((manifest) => manifest.kind === kind);
  if (found.length !== 1) throw new Error(`There are ${found.length} manifests of kind ${kind}`);
  return found[0];
};

/** The one of a kind that has this name. */
export const named = (manifests, kind, name) =>
  only(
    manifests.filter(({ metadata }) => metadata.name === name),
    kind,
  );

/** The pods that manifests make. */
export const podsOf = (manifests) =>
  manifests
    .map((manifest) => (manifest.kind === 'Pod' ? manifest : manifest.spec?.template))
    .filter((pod) => pod?.spec?.containers);

const helm = (...args) =>
  execFileSync(process.env.HELM_PATH, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
