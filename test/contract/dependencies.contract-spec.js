import { describe, expect, it } from '@jest/globals';
import { access, readFile } from 'node:fs/promises';
import { licencesPage, mayBeShipped, shippedPackages } from '../../scripts/licences.mjs';

const readJson = async (path) => JSON.parse(await readFile(path, 'utf8'));

describe('Dependencies', () => {
  it('are pinned to exact versions, and the lock file has the same', async () => {
    const { dependencies, devDependencies, overrides } = await readJson('package.json');
    const { packages } = await readJson('package-lock.json');
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(`${name} ${version}`).toMatch(/ \d+\.\d+\.\d+$/);
      expect([name, packages[`node_modules/${name}`].version]).toEqual([name, version]);
    }
    for (const version of Object.values(overrides)) expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(packages[''].dependencies).toEqual(dependencies);
  });

  it('come with a checksum, from the registry alone', async () => {
    const { packages } = await readJson('package-lock.json');
    for (const [path, { resolved = '', integrity, link = false }] of Object.entries(packages)) {
      if (path === '') continue;
      // Where it says no address it is that of the registry, and never a folder or a repository.
      const found = {
        path,
        link,
        hasChecksum: /^sha512-/.test(integrity),
        isFromRegistry: /^$|^https:.*\.tgz$/.test(resolved),
      };
      expect(found).toEqual({ path, link: false, hasChecksum: true, isFromRegistry: true });
    }
  });

  it('run no script when they are installed: each that has one is denied, and one that nobody has seen stops the install', async () => {
    const { allowScripts } = await readJson('package.json');
    const { packages } = await readJson('package-lock.json');
    const withScripts = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript);
    expect(withScripts.length).toBeGreaterThan(0);
    for (const [path] of withScripts)
      expect([path, allowScripts[path.split('node_modules/').at(-1)]]).toEqual([path, false]);
    expect(Object.values(allowScripts)).not.toContain(true);
    expect(await readFile('.npmrc', 'utf8')).toMatch(/^strict-allow-scripts=true$/m);
    expect(await readFile('Dockerfile', 'utf8')).toMatch(/^COPY .*\.npmrc/m);
  });
});

describe('docs/licences.md', () => {
  it('lists what is shipped (refresh: npm ci && node scripts/licences.mjs)', async () => {
    expect(await readFile('docs/licences.md', 'utf8')).toBe(await licencesPage());
  });

  it('has permissive licences alone, and LGPL for libvips', async () => {
    const packages = await shippedPackages();
    expect(packages.length).toBeGreaterThan(100);
    expect(packages.filter((each) => !mayBeShipped(each))).toEqual([]);
    expect(mayBeShipped({ name: 'sharp', licence: 'LGPL-3.0-or-later' })).toBe(false);
    expect(mayBeShipped({ name: 'x', licence: 'MIT AND GPL-3.0' })).toBe(false);
  });

  it.each(['busboy', 'streamsearch'])('has the licence that %s itself states', async (name) => {
    const { licenses } = await readJson(`node_modules/${name}/package.json`);
    expect(licenses.map(({ type }) => type)).toEqual(['MIT']);
  });

  it('has the licence of the fonts as they state it', async () => {
    expect(await readFile('node_modules/dejavu-fonts-ttf/LICENSE', 'utf8')).toContain('Bitstream Vera Fonts Copyright');
  });

  it('lists nothing that is not installed, but for other platforms', async () => {
    const missing = [];
    for (const { name } of await shippedPackages()) {
      await access(`node_modules/${name}/package.json`).catch(() => missing.push(name));
    }
    expect(missing.filter((name) => !/^@img\/|^@emnapi\//.test(name))).toEqual([]);
  });
});
