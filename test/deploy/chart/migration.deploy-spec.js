import { describe, expect, it, jest } from '@jest/globals';
import { join } from 'node:path';
import { EXAMPLES, named, only, render } from '../support/chart.mjs';
import { problemsOf } from '../support/schemas.mjs';

// Helm is started for every case, and a busy machine takes its time.
jest.setTimeout(60_000);

const example = (name) => ['--values', join(EXAMPLES, name)];
const WITH_SECRET = ['--set', 'secret.existing=image-gateway'];
const FIRST_TRY = example('secret-values.yaml');
const ON_POSTGRES = ['--set', 'database=postgres,secret.values.DATABASE_URL=postgres://new.databases/images'];

/** The manifests that are there while the migration runs before an upgrade, with its pod. */
function beforeUpgrade(old, ...options) {
  const hooks = render(...options).filter((manifest) => hookOf(manifest)?.includes('pre-upgrade'));
  const job = only(hooks, 'Job');
  const earlier = hooks.filter((manifest) => weightOf(manifest) < weightOf(job));
  return { manifests: [...old.filter((manifest) => !hookOf(manifest)), ...earlier], pod: job.spec.template };
}

const annotationsOf = ({ metadata }) => metadata.annotations ?? {};
const hookOf = (manifest) => annotationsOf(manifest)['helm.sh/hook'];
const weightOf = (manifest) => Number(annotationsOf(manifest)['helm.sh/hook-weight'] ?? 0);

const policiesOn = ({ metadata }, manifests) =>
  manifests
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .filter(({ spec }) =>
      Object.entries(spec.podSelector.matchLabels).every(([name, value]) => metadata.labels[name] === value),
    );

const databaseUrlOf = ({ spec }) =>
  spec.containers[0].env.find(({ name }) => name === 'DATABASE_URL').valueFrom.secretKeyRef;

describe('The migration', () => {
  it.each([
    { secret: 'secret.values', options: [...FIRST_TRY, ...ON_POSTGRES] },
    { secret: 'secret.existing', options: WITH_SECRET },
    { secret: 'secret.external', options: example('external-secret.yaml') },
  ])('runs before the pods, with $secret', ({ options }) => {
    expect(hookOf(only(render(...options), 'Job'))).toBe('pre-install,pre-upgrade');
  });

  it('needs nothing of the release that is not there before it', () => {
    const { spec } = only(render(...WITH_SECRET), 'Job').spec.template;

    expect(spec.serviceAccountName).toBeUndefined();
    expect(spec.containers[0].command).toEqual(['image-gateway', 'migrate']);
    expect(spec.containers[0].env.filter(({ valueFrom }) => valueFrom)).toEqual([
      { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'image-gateway', key: 'DATABASE_URL' } } },
    ]);
  });

  it('finds the new address in a secret of its own, which is there before it', () => {
    const { manifests, pod } = beforeUpgrade(render(...FIRST_TRY), ...FIRST_TRY, ...ON_POSTGRES);
    const { name, key } = databaseUrlOf(pod);

    expect(named(manifests, 'Secret', name).stringData).toEqual({ [key]: 'postgres://new.databases/images' });
  });

  it('has External Secrets make that secret, where they make the release’s', async () => {
    const options = example('external-secret.yaml');
    const { manifests, pod } = beforeUpgrade(render(...options, '--set', 'database=none'), ...options);
    const secret = named(manifests, 'ExternalSecret', databaseUrlOf(pod).name);
    const ofTheRelease = named(manifests, 'ExternalSecret', 'demo-image-gateway');

    expect(secret.spec).toEqual({ ...ofTheRelease.spec, target: { name: 'demo-image-gateway-migrate' } });
    await expect(problemsOf(secret)).resolves.toEqual([]);
  });

  it.each([
    { change: 'from no database', old: ['--set', 'database=none'] },
    { change: 'from another address', old: ['--set', 'networkPolicy.postgres.port=6432'] },
  ])(
    'is let out to the new PostgreSQL by a policy of its own, and held by none of the old release, $change',
    ({ old }) => {
      const { manifests, pod } = beforeUpgrade(render(...WITH_SECRET, ...old), ...WITH_SECRET);
      const policies = policiesOn(pod, manifests);

      expect(policies.map(({ metadata }) => metadata.name)).toEqual(['demo-image-gateway-migrate']);
      expect(policies[0].spec.policyTypes).toEqual(['Ingress', 'Egress']);
      expect(policies[0].spec.ingress).toBeUndefined();
      expect(policies[0].spec.egress.flatMap(({ ports }) => ports.map(({ port }) => port))).toEqual([53, 53, 5432]);
    },
  );

  it('takes with it what it brought along', () => {
    const hooks = render(...FIRST_TRY, ...ON_POSTGRES).filter(({ metadata }) => metadata.name.endsWith('-migrate'));

    expect(hooks.map(({ kind }) => kind).sort()).toEqual(['Job', 'NetworkPolicy', 'Secret']);
    for (const hook of hooks) {
      expect(annotationsOf(hook)['helm.sh/hook-delete-policy']).toBe('before-hook-creation,hook-succeeded');
    }
  });

  it.each([
    { without: 'a database', options: FIRST_TRY },
    { without: 'being wanted', options: [...FIRST_TRY, ...ON_POSTGRES, '--set', 'migration.enabled=false'] },
  ])('leaves nothing behind without $without', ({ options }) => {
    const names = render(...options).map(({ metadata }) => metadata.name);

    expect(names.filter((name) => name.includes('migrate'))).toEqual([]);
  });
});
