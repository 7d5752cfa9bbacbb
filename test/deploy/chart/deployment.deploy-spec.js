import { describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describeEnvironment } from '../../../dist/config/environment.js';
import { readSettings } from '../../../dist/config/read-settings.js';
import { EXAMPLES, only, render, withValues } from '../support/chart.mjs';

// Helm is started for every case, and a busy machine takes its time.
jest.setTimeout(60_000);

const example = (name) => ['--values', join(EXAMPLES, name)];
const WITH_SECRET = ['--set', 'secret.existing=image-gateway'];

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

  it.each([false, true])(
    'divides the slots of an account by the pods where Redis is not to be had (redis: %s)',
    (redis) => {
      const replicasOf = (...options) => environmentOf('--set', `redis=${redis}`, ...options).REPLICAS;

      expect(replicasOf('--set', 'replicas=3')).toBe('3');
      expect(replicasOf('--set', 'autoscaling.enabled=true')).toBe('6');
      expect(replicasOf('--set', 'settings.REPLICAS=9')).toBe('9');
    },
  );

  it('turns Redis off where values do not turn it on, whatever the secret has', () => {
    const ofTheSecret = { MASTER_KEY: 'sk-1', RECRAFT_API_KEY: 'one', REDIS_URL: 'redis://redis.databases:6379' };
    const redisUnder = (environment) => readSettings({ ...ofTheSecret, ...environment }).redis;
    const { REDIS_URL } = environmentOf();

    expect(redisUnder({})).toBeDefined();
    expect(REDIS_URL).toBe('');
    expect(redisUnder({ REDIS_URL })).toBeUndefined();
    expect(environmentOf('--set', 'redis=true').REDIS_URL).toEqual({
      secretKeyRef: { name: 'image-gateway', key: 'REDIS_URL' },
    });
  });

  it('writes numbers as the gateway reads them', async () => {
    await withValues(
      { ...existing, settings: { QUEUE_SIZE: 2_000_000, OTEL_SERVICE_NAME: 2.5, DROP_PARAMS: false } },
      (file) => {
        expect(environmentOf('--values', file)).toMatchObject({
          QUEUE_SIZE: '2000000',
          OTEL_SERVICE_NAME: '2.5',
          DROP_PARAMS: 'false',
        });
      },
    );
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

const existing = { secret: { existing: 'image-gateway' } };
