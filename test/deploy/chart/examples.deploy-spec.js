import { describe, expect, it, jest } from '@jest/globals';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EXAMPLES, lint, notes, only, podsOf, refusal, render, withValues } from '../support/chart.mjs';
import { problemsOf } from '../support/schemas.mjs';

// Helm is started for every case, and a busy machine takes its time.
jest.setTimeout(60_000);

const exampleNames = (await readdir(EXAMPLES)).filter((name) => name.endsWith('.yaml'));
const example = (name) => ['--values', join(EXAMPLES, name)];
const WITH_SECRET = ['--set', 'secret.existing=image-gateway'];

describe.each(exampleNames)('The example %s', (name) => {
  it('passes the linter without a warning', () => {
    expect(lint(...example(name))).not.toMatch(/WARNING|ERROR/);
  });

  it('makes manifests that Kubernetes takes, without a field it does not know', async () => {
    const manifests = render(...example(name));

    expect(manifests.length).toBeGreaterThan(5);
    for (const manifest of manifests) {
      expect({ kind: manifest.kind, problems: await problemsOf(manifest) }).toEqual({
        kind: manifest.kind,
        problems: [],
      });
    }
  });

  it('makes pods of the restricted security standard only, without a token', () => {
    for (const { spec } of podsOf(render(...example(name)))) {
      expect(spec).toMatchObject({
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      });
      for (const { securityContext, resources } of spec.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(resources.requests).toEqual({ cpu: expect.any(String), memory: expect.any(String) });
      }
      expect(spec.volumes?.filter(({ hostPath }) => hostPath) ?? []).toEqual([]);
    }
  });

  it('uses the Redis of the secret that docs/kubernetes.md makes', () => {
    const { env, envFrom } = only(render(...example(name)), 'Deployment').spec.template.spec.containers[0];
    const ofTheSecret = { valueFrom: { secretKeyRef: { name: 'image-gateway', key: 'REDIS_URL' } } };

    expect(env).toContainEqual({
      name: 'REDIS_URL',
      ...(envFrom[0].secretRef.name === 'image-gateway' ? ofTheSecret : { value: '' }),
    });
  });

  it('is told of in docs/kubernetes.md', async () => {
    expect(await readFile('docs/kubernetes.md', 'utf8')).toContain(`examples/${name}`);
  });
});

describe('The check of manifests', () => {
  const deployment = () => only(render(...WITH_SECRET), 'Deployment');

  it('finds a field that Kubernetes does not know, a wrong type and what is missing', async () => {
    const misspelt = deployment();
    misspelt.spec.template.spec.containers[0].livenesProbe = {};
    const mistyped = deployment();
    mistyped.spec.replicas = 'two';
    const incomplete = deployment();
    delete incomplete.spec.selector;

    expect(await problemsOf(misspelt)).toEqual(['/spec/template/spec/containers/0/livenesProbe is not known']);
    expect(await problemsOf(mistyped)).toContainEqual(expect.stringContaining('/spec/replicas'));
    expect(await problemsOf(incomplete)).toEqual([expect.stringContaining('"missingProperty":"selector"')]);
  });
});

describe('Values', () => {
  it.each([
    { wrong: 'replicsa=3', says: 'replicsa' },
    { wrong: 'settings.LOG_LEVLE=warn', says: 'LOG_LEVLE' },
    { wrong: 'settings.MASTER_KEY=sk-1', says: 'MASTER_KEY' },
    { wrong: 'settings.PORT=80', says: 'PORT' },
    { wrong: 'database=mysql', says: 'database' },
    { wrong: 'replicas=0', says: 'replicas' },
    { wrong: 'image.digest=abc', says: 'digest' },
    { wrong: 'ingress.enabled=true', says: 'hosts' },
    { wrong: 'httpRoute.enabled=true', says: 'parentRefs' },
    { wrong: 'networkPolicy.s3.port=9000', says: 's3' },
    { wrong: 'autoscaling.enabled=true,autoscaling.minReplicas=9', says: 'minReplicas 9 is more than maxReplicas 6' },
    { wrong: 'maxUnavailable=0%', says: 'maxUnavailable' },
    { wrong: 'maxUnavailable=101%', says: 'maxUnavailable' },
    { wrong: 'resources.limits.memory=..Mi', says: 'memory' },
    { wrong: 'resources.requests.cpu=-1', says: 'cpu' },
    { wrong: 'temporarySize=2GB', says: 'temporarySize' },
    { wrong: 'image.repository=a b', says: 'repository' },
    { wrong: 'image.repository=images:1.0', says: 'repository' },
    { wrong: 'image.tag=1 0', says: 'tag' },
    { wrong: 'secret.external.store.kind=SecretStore', says: '/secret/external/store' },
    { wrong: 'secret.external.refreshInterval=soon', says: 'refreshInterval' },
    { wrong: String.raw`podLabels.app\.kubernetes\.io/component=mine`, says: 'app.kubernetes.io/component' },
    { wrong: String.raw`serviceMonitor.labels.app\.kubernetes\.io/name=mine`, says: 'app.kubernetes.io/name' },
    { wrong: 'podAnnotations.checksum/config=mine', says: 'checksum/config' },
    { wrong: 'serviceMonitor.interval=1 minute', says: 'interval' },
  ])('$wrong is refused by name', ({ wrong, says }) => {
    expect(refusal(...WITH_SECRET, '--set', wrong)).toContain(says);
  });

  it.each([
    {
      resources: {
        requests: { cpu: 0.5, memory: '1.5Gi', 'ephemeral-storage': '1Ti' },
        limits: { memory: 2147483648 },
      },
    },
    { temporarySize: '1Ti' },
    { temporarySize: 2147483648 },
    { image: { repository: 'registry.example.com:5000/pictures/image-gateway', tag: 'v1.0_rc.1' } },
    { serviceMonitor: { enabled: true, interval: '1m30s' } },
    { autoscaling: { enabled: true, minReplicas: 2, maxReplicas: 2, targetCpu: 150 } },
    { maxUnavailable: '100%' },
  ])('%j is taken, and what is made of it by Kubernetes too', async (values) => {
    const manifests = await withValues({ ...values, secret: { existing: 'image-gateway' } }, (file) =>
      render('--values', file),
    );

    for (const manifest of manifests) {
      expect({ kind: manifest.kind, problems: await problemsOf(manifest) }).toMatchObject({ problems: [] });
    }
  });
});

describe('The notes', () => {
  it('tell the addresses, how to try it, and what is not there', async () => {
    const told = await notes(
      ...example('secret-values.yaml'),
      '--set',
      'ingress.enabled=true,ingress.hosts[0].host=images.example.com',
    );

    expect(told).toContain('http://demo-image-gateway.images.svc:80/v1');
    expect(told).toContain('https://images.example.com/v1');
    expect(told).toContain('helm test demo --namespace images');
    expect(told).toContain('There is no database');
    expect(told).toContain('There is no Redis');
    expect(told).not.toContain('sk-choose-one');
  });
});
