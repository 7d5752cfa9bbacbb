import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { describeEnvironment } from '../../dist/config/environment.js';

const { services } = parse(await readFile('docker-compose.yml', 'utf8'));

describe('docker-compose.yml', () => {
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
