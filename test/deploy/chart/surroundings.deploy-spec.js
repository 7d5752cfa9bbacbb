import { describe, expect, it, jest } from '@jest/globals';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CHART, EXAMPLES, named, only, refusal, render } from '../support/chart.mjs';

// Helm is started for every case, and a busy machine takes its time.
jest.setTimeout(60_000);

const example = (name) => ['--values', join(EXAMPLES, name)];
const WITH_SECRET = ['--set', 'secret.existing=image-gateway'];

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

describe('The network policy', () => {
  const policyOf = (...options) => ofTheRelease(render(...WITH_SECRET, ...options)).spec;
  const ofTheRelease = (manifests) => named(manifests, 'NetworkPolicy', 'demo-image-gateway');
  const portsOf = ({ egress }) => egress.flatMap(({ ports }) => ports.map(({ port }) => port));

  it('lets out to what is used, and to nothing else', () => {
    expect(portsOf(policyOf())).toEqual([53, 53, 4000, 443, 5432]);
    expect(portsOf(policyOf('--set', 'redis=true'))).toEqual([53, 53, 4000, 443, 5432, 6379]);
    expect(portsOf(policyOf('--set', 'database=none'))).toEqual([53, 53, 4000, 443]);
    expect(portsOf(ofTheRelease(render(...example('closed-network.yaml'))).spec)).toEqual([
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

  it('have the address of their runbook where the values say where it is read', () => {
    const base = 'https://git.example.com/image-gateway/blob/main/';
    const options = [...example('monitoring.yaml'), '--set', `prometheusRule.runbookBase=${base}`];
    const { rules } = only(render(...options), 'PrometheusRule').spec.groups[0];

    for (const { annotations } of rules) expect(annotations.runbook_url).toBe(base + annotations.runbook);
    expect(rules.length).toBeGreaterThan(5);
    expect(refusal(...WITH_SECRET, '--set', 'prometheusRule.runbookBase=docs')).toContain('runbookBase');
  });
});

describe('The metrics', () => {
  const endpointOf = (...options) =>
    only(render(...example('monitoring.yaml'), ...options), 'ServiceMonitor').spec.endpoints[0];

  it('are read under the job that the alerts ask for', () => {
    const manifests = render(...example('monitoring.yaml'));
    const { jobLabel, selector } = only(manifests, 'ServiceMonitor').spec;
    const { labels } = only(manifests, 'Service').metadata;

    expect(labels[jobLabel]).toBe('image-gateway');
    expect(labels).toMatchObject(selector.matchLabels);
  });

  it('are read with their key, or with that of another secret', () => {
    expect(endpointOf().authorization.credentials).toEqual({ name: 'image-gateway', key: 'METRICS_KEY' });
    const own = ['--set', 'serviceMonitor.keySecret=scraper', '--set', 'serviceMonitor.keyName=key'];
    expect(endpointOf(...own).authorization.credentials).toEqual({ name: 'scraper', key: 'key' });
  });

  it('have a port that Prometheus alone may reach, where a setting opens one, and need no key there', () => {
    const options = ['--set', 'settings.METRICS_PORT=9464', '--set', 'serviceMonitor.keyName='];
    const manifests = render(...example('monitoring.yaml'), ...options);
    const [{ ports }] = only(manifests, 'Deployment').spec.template.spec.containers;
    const [callers, prometheus] = named(manifests, 'NetworkPolicy', 'demo-image-gateway').spec.ingress;

    expect(ports).toContainEqual({ name: 'metrics', containerPort: 9464 });
    expect(only(manifests, 'Service').spec.ports).toContainEqual(
      expect.objectContaining({ name: 'metrics', port: 9464, targetPort: 'metrics' }),
    );
    expect(endpointOf(...options)).toEqual({ port: 'metrics', path: '/metrics', interval: '15s' });
    expect(prometheus).toEqual({
      ports: [{ port: 'metrics' }],
      from: [{ namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'monitoring' } } }],
    });
    expect(JSON.stringify(callers)).not.toContain('monitoring');
  });

  it('are refused a port that is the gateway’s, and a key that the secret does not have', () => {
    expect(refusal(...WITH_SECRET, '--set', 'settings.METRICS_PORT=4000')).toContain("4000 is the gateway's own port");
    const valuesOnly = ['--set', 'secret.values.MASTER_KEY=sk-1', '--set', 'database=none'];
    expect(refusal(...valuesOnly, '--set', 'serviceMonitor.enabled=true')).toContain('secret.values needs METRICS_KEY');
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

describe('`helm test`', () => {
  it('passes at a gateway that answers, and fails under a wrong key', async () => {
    const gateway = spawn(process.execPath, ['dist/main.js'], {
      env: { HOST: '127.0.0.1', PORT: '0', MASTER_KEY: 'sk-1', RECRAFT_API_KEY: 'unused', DATABASE_URL: 'none' },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    try {
      const [{ url }] = await once(gateway, 'message');
      const [{ command, args }] = only(render(...WITH_SECRET), 'Pod').spec.containers;
      const resultUnder = (key) =>
        spawnSync(process.execPath, [...command.slice(1), ...args], {
          env: { GATEWAY_URL: url, MASTER_KEY: key },
          encoding: 'utf8',
        });

      expect(resultUnder('sk-1')).toMatchObject({ status: 0, stderr: '' });
      expect(resultUnder('sk-2')).toMatchObject({
        status: 1,
        stdout: expect.stringContaining("'models for the master key': false"),
      });
    } finally {
      const ended = once(gateway, 'exit');
      gateway.kill('SIGINT');
      await ended;
    }
  });
});
