import { describe, expect, it } from '@jest/globals';
import { access, readFile, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { withTables } from '../../scripts/readme-tables.mjs';

describe('README.md', () => {
  it('has the settings, errors and models of the code (refresh: npm run build && node scripts/readme-tables.mjs)', async () => {
    const readme = await readFile('README.md', 'utf8');

    expect(readme).toBe(await withTables(readme));
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
