import { describe, expect, it } from '@jest/globals';
import { access, readFile, readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withTables } from '../../scripts/readme-tables.mjs';

describe('README.md', () => {
  it('has the settings, errors and models of the code (refresh: npm run build && node scripts/readme-tables.mjs)', async () => {
    const readme = await readFile('README.md', 'utf8');

    expect(readme).toBe(await withTables(readme));
  });
});

describe('The table of what is in the image', () => {
  it('adds up', async () => {
    const [, table] = /^\| Content .*?\n(.*?)\n\n/ms.exec(await readFile('README.md', 'utf8'));
    const sizes = [...table.matchAll(/\| +\**(\d+)\** \|$/gm)].map(([, mebibytes]) => Number(mebibytes));
    const told = sizes.pop();

    expect(sizes.length).toBeGreaterThan(5);
    expect(sizes.reduce((sum, each) => sum + each, 0)).toBe(told);
  });

  it('is what the packages of the lock file come to, where they are named', async () => {
    const readme = await readFile('README.md', 'utf8');
    for (const [name, folder] of [
      ['PGlite', '@electric-sql'],
      ['OpenTelemetry', '@opentelemetry'],
      ['Swagger UI', 'swagger-ui-dist'],
    ]) {
      const told = Number(new RegExp(`^\\| ${name}.*\\| +(\\d+) \\|$`, 'm').exec(readme)[1]);
      const files = await readdir(join('node_modules', folder), { recursive: true, withFileTypes: true });
      const sizes = await Promise.all(
        files.filter((file) => file.isFile()).map(async (file) => (await stat(join(file.parentPath, file.name))).size),
      );
      const mebibytes = sizes.reduce((sum, size) => sum + size, 0) / 1024 ** 2;
      expect({ name, isNear: Math.abs(mebibytes / told - 1) < 0.1, mebibytes }).toMatchObject({ isNear: true });
    }
  });
});

describe('The documents', () => {
  it('lead to files that are there', async () => {
    const pages = (await readdir('docs', { recursive: true })).filter((name) => name.endsWith('.md'));

    for (const page of ['README.md', 'CHANGELOG.md', ...pages.map((name) => join('docs', name))]) {
      for (const target of linksIn(await readFile(page, 'utf8'))) {
        const path = join(dirname(page), target);
        await expect(access(path).then(() => path)).resolves.toBe(path);
      }
    }
  });
});

/** Relative targets, without what stands behind `#`. */
const linksIn = (text) => [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)[^)]*\)/g)].map(([, target]) => target);
