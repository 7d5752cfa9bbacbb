import { describe, expect, it } from '@jest/globals';
import { existsSync, statSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { imageConfig } from '../support/container.mjs';

const MIB = 1024 * 1024;

const inImage = (path) => join(process.env.IMAGE_ROOT, path);

describe('The image', () => {
  it('runs Node itself as a user with a number, says how it is healthy, and what it is', () => {
    expect(imageConfig()).toMatchObject({
      User: '1000:1000',
      WorkingDir: '/app',
      Cmd: ['node', '--enable-source-maps', '--max-semi-space-size=16', 'dist/main.js'],
      ExposedPorts: { '4000/tcp': {} },
      Volumes: { '/data': {} },
      Healthcheck: { Test: ['CMD', 'node', '-e', expect.stringContaining('/health/liveliness')] },
      Labels: {
        'org.opencontainers.image.title': 'image-gateway',
        'org.opencontainers.image.licenses': 'MIT',
        'org.opencontainers.image.version': '0.1.0',
        'org.opencontainers.image.revision': 'test',
        'org.opencontainers.image.base.name': expect.stringContaining('node'),
      },
    });
    expect(imageConfig().Env).toContain('NODE_ENV=production');
  });

  it('has the build and the packages it runs with, and nothing else', async () => {
    expect((await readdir(inImage('/app'))).sort()).toEqual(['dist', 'node_modules', 'package.json', 'sbom.cdx.json']);
    const packages = await lockedPackages();
    const names = (wanted) => packages.filter(wanted).map(({ path }) => path);

    expect(names(({ isInstalled, dev, devOptional }) => isInstalled && (dev || devOptional))).toEqual([]);
    expect(
      names(
        ({ isInstalled, dev, devOptional, optional, peer }) => !(isInstalled || dev || devOptional || optional || peer),
      ),
    ).toEqual([]);
    expect(existsSync(inImage('/root/.npm'))).toBe(false);
  });

  it('lists its packages in a CycloneDX bill of materials', async () => {
    const { bomFormat, components } = JSON.parse(await readFile(inImage('/app/sbom.cdx.json'), 'utf8'));
    const installed = (await lockedPackages()).filter(({ isInstalled }) => isInstalled);

    expect(bomFormat).toBe('CycloneDX');
    expect(components.map(({ purl }) => purl).sort()).toEqual(installed.map(purlOf).sort());
  });

  it('is as small as the README says, give or take a twentieth', async () => {
    const files = await readdir(inImage('/app'), { recursive: true, withFileTypes: true });
    const bytes = files
      .filter((file) => file.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
    const [, told] = /together.*\*\*(\d+)\*\*/.exec(await readFile('README.md', 'utf8'));

    expect(Math.abs(bytes / MIB / Number(told) - 1)).toBeLessThan(0.05);
  });

  it('belongs to root: the user it runs as can change none of it', async () => {
    const files = (await readdir(inImage('/app'), { recursive: true })).map((file) =>
      statSync(inImage(`/app/${file}`)),
    );

    expect(files.filter(({ uid, mode }) => uid !== 0 || (mode & 0o022) !== 0)).toEqual([]);
  });
});

/** What the lock file names, and whether it is in the image. */
async function lockedPackages() {
  const { packages } = JSON.parse(await readFile('package-lock.json', 'utf8'));
  return Object.entries(packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => ({ ...entry, path, isInstalled: existsSync(inImage(`/app/${path}`)) }));
}

const purlOf = ({ path, version }) =>
  `pkg:npm/${path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length).replace('@', '%40')}@${version}`;
