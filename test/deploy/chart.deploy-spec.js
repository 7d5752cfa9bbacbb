import { describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describeEnvironment } from '../../dist/config/environment.js';
import { readSettings } from '../../dist/config/read-settings.js';
import { CHART, EXAMPLES, lint, notes, only, podsOf, refusal, render } from './support/chart.mjs';
import { problemsOf } from './support/schemas.mjs';

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

describe('The deployment', () => {
  const specOf = (...options) => only(render(...WITH_SECRET, ...options), 'Deployment').spec;
  const containerOf = (...options) => specOf(...options).template.spec.containers[0];
  const environmentOf = (...options) =>
    Object.fromEntries(containerOf(...options).env.map(({ name, value, valueFrom }) => [name, value ?? valueFrom]));

  it('is rolled out without a pod missing', () => {
    expect(specOf().strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
  });

  it.each([
    { shutdown: {}, seconds: 5 + 295 + 5 },
    { shutdown: { preStopSeconds: 10, graceMs: 2500, timeoutMs: 60_000 }, seconds: 10 + 63 + 5 },
  ])('gives a pod that ends $seconds seconds: what the gateway may take, and five more', ({ shutdown, seconds }) => {
    const { template } = specOf(
      ...Object.entries(shutdown).flatMap(([name, value]) => ['--set', `shutdown.${name}=${value}`]),
    );

    expect(template.spec.terminationGracePeriodSeconds).toBe(seconds);
    expect(template.spec.containers[0].lifecycle.preStop.sleep.seconds).toBe(shutdown.preStopSeconds ?? 5);
  });

  it('has the times for going down that the gateway has by itself', () => {
    const defaultOf = (wanted) => describeEnvironment().find(({ name }) => name === wanted).default;

    expect(environmentOf()).toMatchObject({
      SHUTDOWN_GRACE_MS: defaultOf('SHUTDOWN_GRACE_MS'),
      SHUTDOWN_TIMEOUT_MS: defaultOf('SHUTDOWN_TIMEOUT_MS'),
    });
  });

  it('asks only probes that answer from memory', () => {
    const { startupProbe, livenessProbe, readinessProbe } = containerOf();

    expect(startupProbe.httpGet.path).toBe('/health/liveliness');
    expect(livenessProbe.httpGet.path).toBe('/health/liveliness');
    expect(readinessProbe.httpGet.path).toBe('/health/readiness');
  });

  it('has nothing to write to but /tmp', () => {
    const { volumeMounts } = containerOf(
      '--set',
      'config.litellm_settings.drop_params=false',
      '--set',
      'keysSecret=keys',
    );

    expect(volumeMounts.filter(({ readOnly }) => !readOnly)).toEqual([{ name: 'temporary', mountPath: '/tmp' }]);
  });

  it('sets no variable that the gateway does not read', () => {
    const known = describeEnvironment().map(({ name }) => name);
    const all = environmentOf(...['--set', 'redis=true', '--set', 'keysSecret=keys', '--set', 'config.a=b']);

    expect(Object.keys({ ...all, ...environmentOf() }).filter((name) => !known.includes(name))).toEqual([]);
  });

  it('divides the slots of an account by the pods where there is no Redis', () => {
    expect(environmentOf('--set', 'replicas=3').REPLICAS).toBe('3');
    expect(environmentOf('--set', 'autoscaling.enabled=true').REPLICAS).toBe('6');
    expect(environmentOf('--set', 'settings.REPLICAS=9').REPLICAS).toBe('9');
    expect(environmentOf('--set', 'redis=true')).not.toHaveProperty('REPLICAS');
  });

  it('writes numbers as the gateway reads them', async () => {
    await withValues({ ...existing, settings: { QUEUE_SIZE: 2_000_000, DROP_PARAMS: false } }, (file) => {
      expect(environmentOf('--values', file)).toMatchObject({ QUEUE_SIZE: '2000000', DROP_PARAMS: 'false' });
    });
  });

  it('makes new pods when what is read at the start changes', () => {
    const checksum = (...options) => specOf(...options).template.metadata.annotations['checksum/config'];

    expect(checksum('--set', 'config.litellm_settings.drop_params=false')).not.toBe(checksum());
  });
});

describe('The configuration', () => {
  it('reaches the gateway as it was written', async () => {
    const text = only(render(...example('config.yaml')), 'ConfigMap').data['config.yaml'];

    expect(parse(text)).toEqual(parse(await readFile(join(EXAMPLES, 'config.yaml'), 'utf8')).config);
    const folder = await mkdtemp(join(tmpdir(), 'image-gateway-config-'));
    const file = join(folder, 'config.yaml');
    await writeFile(file, text);
    const keys = { MASTER_KEY: 'sk-1', RECRAFT_API_KEY: 'one', SECOND_RECRAFT_API_KEY: 'two' };
    const { models } = readSettings({ CONFIG_FILE: file, DATABASE_URL: 'none', ...keys });
    await rm(folder, { recursive: true });
    expect(models.configured).toHaveLength(2);
  });
});

describe('Secrets', () => {
  it('come from one place, and the chart says so where there is none or are two', () => {
    expect(refusal()).toContain('Set one of secret.values, secret.existing and secret.external.store. Set now: none.');
    expect(refusal(...WITH_SECRET, '--set', 'secret.values.MASTER_KEY=sk-1')).toContain(
      'secret.values, secret.existing.',
    );
    expect(refusal('--set', 'secret.values.MASTER_KEY=sk-1')).toContain('secret.values needs DATABASE_URL');
    const ofPostgres = ['--set', 'secret.values.DATABASE_URL=postgres://db/images', '--set', 'redis=true'];
    expect(refusal(...ofPostgres)).toContain('secret.values needs REDIS_URL');
  });

  it('are in no manifest but the Secret', () => {
    const manifests = render('--set', 'secret.values.MASTER_KEY=sk-planted', '--set', 'database=none');

    expect(JSON.stringify(manifests.filter(({ kind }) => kind !== 'Secret'))).not.toContain('sk-planted');
    expect(only(manifests, 'Secret').stringData).toEqual({ MASTER_KEY: 'sk-planted' });
  });
});

describe('The migration', () => {
  const hookOf = (...options) => only(render(...options), 'Job').metadata.annotations['helm.sh/hook'];

  it('runs before the pods, where the secret is there before the release', () => {
    expect(hookOf(...WITH_SECRET)).toBe('pre-install,pre-upgrade');
    expect(hookOf(...example('external-secret.yaml'))).toBe('pre-upgrade');
  });

  it('needs nothing of the release that is not there before it', () => {
    const { spec } = only(render(...WITH_SECRET), 'Job').spec.template;

    expect(spec.serviceAccountName).toBeUndefined();
    expect(spec.containers[0].command).toEqual(['image-gateway', 'migrate']);
    expect(spec.containers[0].env.filter(({ valueFrom }) => valueFrom)).toEqual([
      { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'image-gateway', key: 'DATABASE_URL' } } },
    ]);
  });

  it('is left out without a database', () => {
    expect(render(...example('secret-values.yaml')).map(({ kind }) => kind)).not.toContain('Job');
  });
});

describe('The network policy', () => {
  const policyOf = (...options) => only(render(...WITH_SECRET, ...options), 'NetworkPolicy').spec;
  const portsOf = ({ egress }) => egress.flatMap(({ ports }) => ports.map(({ port }) => port));

  it('lets out to what is used, and to nothing else', () => {
    expect(portsOf(policyOf())).toEqual([53, 53, 4000, 443, 5432]);
    expect(portsOf(policyOf('--set', 'redis=true'))).toEqual([53, 53, 4000, 443, 5432, 6379]);
    expect(portsOf(policyOf('--set', 'database=none'))).toEqual([53, 53, 4000, 443]);
    expect(portsOf(only(render(...example('closed-network.yaml')), 'NetworkPolicy').spec)).toEqual([
      ...[53, 53, 4000, 443, 5432, 6379, 9000, 4318],
    ]);
  });

  it('never lets HTTPS out to private addresses', () => {
    const toTheInternet = policyOf().egress.find(({ ports }) => ports[0].port === 443);

    expect(toTheInternet.to[0].ipBlock.except).toContain('169.254.0.0/16');
    expect(toTheInternet.to[0].ipBlock.except).toContain('10.0.0.0/8');
  });

  it('lets in the callers, Prometheus and the test', () => {
    const [{ from, ports }, ...others] = policyOf().ingress;

    expect(others).toEqual([]);
    expect(ports).toEqual([{ port: 'http' }]);
    expect(from.map(({ namespaceSelector, podSelector }) => (namespaceSelector ?? podSelector).matchLabels)).toEqual([
      { 'app.kubernetes.io/name': 'image-gateway', 'app.kubernetes.io/instance': 'demo' },
      { 'kubernetes.io/metadata.name': 'ingress-nginx' },
      { 'kubernetes.io/metadata.name': 'monitoring' },
    ]);
  });
});

describe('The alerts', () => {
  it('are those of deploy/prometheus/rules.yml', async () => {
    const rules = await readFile('deploy/prometheus/rules.yml', 'utf8');

    expect(only(render(...example('monitoring.yaml')), 'PrometheusRule').spec).toEqual(parse(rules));
    expect(await readFile(join(CHART, 'files/rules.yml'), 'utf8')).toBe(rules);
  });
});

describe('The autoscaler', () => {
  it('leaves the number of pods alone, and looks at the queue where it is told to', () => {
    const manifests = render(...example('autoscaling.yaml'));

    expect(only(manifests, 'Deployment').spec).not.toHaveProperty('replicas');
    expect(only(manifests, 'HorizontalPodAutoscaler').spec.metrics).toEqual([
      { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 60 } } },
      {
        type: 'Pods',
        pods: {
          metric: { name: 'recraft_gateway_queue_length' },
          target: { type: 'AverageValue', averageValue: '50' },
        },
      },
    ]);
    expect(
      only(render(...WITH_SECRET, '--set', 'autoscaling.enabled=true'), 'HorizontalPodAutoscaler').spec.metrics,
    ).toHaveLength(1);
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
  ])('$wrong is refused by name', ({ wrong, says }) => {
    expect(refusal(...WITH_SECRET, '--set', wrong)).toContain(says);
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

const existing = { secret: { existing: 'image-gateway' } };

async function withValues(values, use) {
  const folder = await mkdtemp(join(tmpdir(), 'image-gateway-values-'));
  const file = join(folder, 'values.yaml');
  await writeFile(file, JSON.stringify(values));
  try {
    use(file);
  } finally {
    await rm(folder, { recursive: true });
  }
}
