import { describe, expect, it } from '@jest/globals';
import { access, readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { describeEnvironment } from '../../dist/config/environment.js';

const compose = parse(await readFile('docker-compose.yml', 'utf8'), { merge: true });
const { services, configs } = compose;

describe('docker-compose.yml', () => {
  it("follows Compose's own schema, which knows every field", async () => {
    // The schema of the Compose specification, as the linter of compose files brings it along.
    const schema = JSON.parse(await readFile('node_modules/dclint/schemas/compose.schema.json', 'utf8'));
    const check = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile({
      ...schema,
      $schema: 'http://json-schema.org/draft-07/schema#',
    });
    const errorsOf = (file) => (check(file), check.errors ?? []);

    expect(errorsOf(compose)).toEqual([]);
    const misspelt = { services: { gateway: { ...services.gateway, restrat: 'always' } } };
    expect(errorsOf(misspelt).map(({ params }) => params.additionalProperty)).toContain('restrat');
  });

  it('gives the gateway and the sandbox by itself, everything else by profile', () => {
    const profiles = Object.entries(services).map(([name, { profiles }]) => [name, profiles?.join() ?? 'always']);

    expect(Object.fromEntries(profiles)).toEqual({
      gateway: 'always',
      sandbox: 'always',
      postgres: 'data',
      redis: 'data',
      prometheus: 'monitoring',
      grafana: 'monitoring',
    });
  });

  it('turns all of it on by one file', async () => {
    const lines = (await readFile('deploy/compose/full.env', 'utf8')).split('\n').filter((line) => /^\w/.test(line));

    expect(Object.fromEntries(lines.map((line) => line.split(/=(.*)/)))).toEqual({
      COMPOSE_PROFILES: 'data,monitoring',
      DATABASE_URL: 'postgres://gateway:gateway@postgres:5432/gateway',
      REDIS_URL: 'redis://redis:6379',
    });
  });

  it.each(['gateway', 'sandbox'])('confines the %s: a read-only root, no right to gain', (name) => {
    expect(services[name]).toMatchObject({
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    });
  });

  it('provisions Prometheus with the alerts and Grafana with the dashboard', async () => {
    const prometheus = parse(configs.prometheus.content);
    const [{ options }] = parse(configs['grafana-dashboards'].content).providers;
    const mounts = [...services.prometheus.volumes, ...services.grafana.volumes].filter((mount) =>
      mount.startsWith('./'),
    );

    expect(prometheus.rule_files).toEqual(['/etc/prometheus/rules.yml']);
    expect(prometheus.scrape_configs[0].static_configs).toEqual([{ targets: ['gateway:4000'] }]);
    expect(parse(configs['grafana-datasource'].content).datasources[0].url).toBe('http://prometheus:9090');
    expect(mounts).toEqual([
      './deploy/prometheus/rules.yml:/etc/prometheus/rules.yml:ro',
      `./deploy/grafana:${options.path}:ro`,
    ]);
    for (const mount of mounts) await expect(access(mount.split(':')[0])).resolves.toBeUndefined();
  });

  it('passes every setting on to the gateway', () => {
    // HOST and PORT are what is published outside; files would have to be mounted.
    const fixed = ['HOST', 'PORT', 'CONFIG_FILE', 'API_KEYS_FILE'];
    const settings = describeEnvironment().map(({ name }) => name);

    expect(Object.keys(services.gateway.environment).sort()).toEqual(
      [...settings.filter((name) => !fixed.includes(name)), 'SANDBOX_PORT'].sort(),
    );
  });

  it('lets the gateway finish its answers before it is killed', () => {
    const defaultOf = (wanted) => Number(describeEnvironment().find(({ name }) => name === wanted).default);
    const longestMs = defaultOf('SHUTDOWN_GRACE_MS') + defaultOf('SHUTDOWN_TIMEOUT_MS');

    expect(services.gateway.stop_grace_period).toMatch(/^\d+s$/);
    expect(parseInt(services.gateway.stop_grace_period, 10) * 1_000).toBeGreaterThan(longestMs);
  });
});

describe('.dockerignore', () => {
  it('lets everything through that the Dockerfile copies, and nothing else', async () => {
    const dockerfile = await readFile('Dockerfile', 'utf8');
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, sources]) => sources.split(' '));
    const ignored = (await readFile('.dockerignore', 'utf8')).split('\n');
    const allowed = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));

    expect(allowed.sort()).toEqual(copied.sort());
  });
});
