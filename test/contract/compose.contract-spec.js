import { describe, expect, it } from '@jest/globals';
import { access, readFile } from 'node:fs/promises';
import { Ajv } from 'ajv';
import pg from 'pg';
import { parse } from 'yaml';
import { describeEnvironment } from '../../dist/config/environment.js';

const compose = parse(await readFile('docker-compose.yml', 'utf8'), { merge: true });
const { services, configs } = compose;
const FULL = 'deploy/compose/full.yml';

/** Compose's tag for what a later file takes back. */
const reset = { tag: '!reset', collection: 'seq', resolve: () => 'reset' };

/** A text with variables as Compose fills them in, `${NAME:-otherwise}` within one another included. */
function filledIn(text, given) {
  const inner = /\$\{(\w+):-([^${}]*)\}/;
  let filled = text;
  while (inner.test(filled)) filled = filled.replace(inner, (_, name, otherwise) => given[name] || otherwise);
  return filled;
}

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

  it('turns all of it on by a second file, which replaces no .env', async () => {
    const full = parse(await readFile(FULL, 'utf8'), { customTags: [reset] });
    const { gateway, ...others } = full.services;
    const off = Object.keys(services).filter((name) => services[name].profiles);

    expect(Object.keys(others).sort()).toEqual(off.sort());
    for (const service of Object.values(others)) expect(service).toEqual({ profiles: 'reset' });
    expect(Object.keys(gateway)).toEqual(['environment']);
    expect(Object.keys(gateway.environment)).toEqual(['DATABASE_URL', 'PGPASSWORD', 'REDIS_URL']);
    for (const file of ['README.md', 'docker-compose.yml', FULL]) {
      expect(await readFile(file, 'utf8')).toContain(`docker compose -f docker-compose.yml -f ${FULL} up`);
    }
  });

  it.each(['gateway', 'p@ss/w#rd%'])('has one password for PostgreSQL and the gateway: %s', async (password) => {
    const { environment } = parse(await readFile(FULL, 'utf8'), { customTags: [reset] }).services.gateway;
    const given = password === 'gateway' ? {} : { POSTGRES_PASSWORD: password };
    const before = process.env.PGPASSWORD;
    process.env.PGPASSWORD = filledIn(environment.PGPASSWORD, given);
    try {
      const client = new pg.Client({ connectionString: filledIn(environment.DATABASE_URL, given) });

      expect(client).toMatchObject({ host: 'postgres', user: 'gateway', database: 'gateway', password });
      expect(filledIn(services.postgres.environment.POSTGRES_PASSWORD, given)).toBe(password);
    } finally {
      if (before === undefined) delete process.env.PGPASSWORD;
      else process.env.PGPASSWORD = before;
    }
  });

  it.each([
    { given: {}, key: 'sk-1234' },
    { given: { LITELLM_MASTER_KEY: 'sk-l' }, key: 'sk-l' },
    { given: { LITELLM_MASTER_KEY: 'sk-l', MASTER_KEY: 'sk-m' }, key: 'sk-m' },
    { given: { MASTER_KEY: 'sk-m', METRICS_KEY: 'metrics' }, key: 'metrics' },
  ])('has Prometheus read the metrics with $key, which the gateway takes, given $given', ({ given, key }) => {
    const [{ authorization }] = parse(filledIn(configs.prometheus.content, given)).scrape_configs;

    expect(authorization).toEqual({ credentials: key });
  });

  it('gives the sandbox a network of its own, which outlives a restart of the gateway', () => {
    const ports = Object.entries(services).flatMap(([name, { ports = [] }]) =>
      ports.map((port) => [name, filledIn(port, {})]),
    );

    for (const service of Object.values(services)) expect(service).not.toHaveProperty('network_mode');
    expect(ports).toContainEqual(['sandbox', '127.0.0.1:4010:4010']);
    expect(services.gateway.command.join()).toContain('RECRAFT_API_BASE="http://sandbox:$$SANDBOX_PORT"');
    expect(services.sandbox.environment).toMatchObject({
      SANDBOX_HOST: '0.0.0.0',
      SANDBOX_PUBLIC_URL: 'http://127.0.0.1:${SANDBOX_PORT:-4010}',
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
