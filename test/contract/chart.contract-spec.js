import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CHART, chartValues, withSettings } from '../../scripts/chart-tables.mjs';
import { pretty, withValues } from '../../scripts/readme-tables.mjs';

const read = (file) => readFile(join(CHART, file), 'utf8');

describe('The Helm chart (refresh: npm run readme)', () => {
  it('has in its README the values of values.yaml', async () => {
    const readme = await read('README.md');

    expect(readme).toBe(await withValues(readme));
    expect((await chartValues()).map(({ path }) => path)).toEqual(
      expect.arrayContaining([
        'image.repository',
        'secret.existing',
        'autoscaling.targetQueueLength',
        'migration.enabled',
      ]),
    );
  });

  it('lets the settings of the code pass, and refuses others', async () => {
    const schema = await read('values.schema.json');

    expect(schema).toBe(await pretty(withSettings(schema), 'json'));
  });

  it('is of the version of the package', async () => {
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));
    const chart = await read('Chart.yaml');

    expect(chart).toContain(`\nversion: ${version}\n`);
    expect(chart).toContain(`\nappVersion: ${version}\n`);
  });
});

describe('The Dockerfile', () => {
  it('is of the Node that everything is tested with, and of the version of the package', async () => {
    const dockerfile = await readFile('Dockerfile', 'utf8');
    const node = (await readFile('.node-version', 'utf8')).trim();
    const { version } = JSON.parse(await readFile('package.json', 'utf8'));

    expect(dockerfile).toContain(`\nARG NODE_IMAGE=docker.io/library/node:${node}-bookworm-slim\n`);
    expect(dockerfile).toContain(`\nARG VERSION=${version}\n`);
    expect(dockerfile.match(/^FROM .*$/gm)).toEqual(['FROM ${NODE_IMAGE} AS build', 'FROM ${NODE_IMAGE}']);
  });
});
