import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * A block of code in a page.
 *
 * @typedef {{ page: string, line: number, language: string, text: string, needs: string | undefined }} Block
 */

/** Every page of the project's own that a reader may copy commands from. */
export async function pages() {
  const below = await Promise.all(
    ['docs', 'deploy'].map(async (folder) => (await readdir(folder, { recursive: true })).map((name) => join(folder, name))),
  ); // prettier-ignore
  const found = below.flat().filter((name) => name.endsWith('.md'));
  return ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'bench/README.md', ...found];
}

/**
 * The blocks of a page that have a language, in their order. What one needs that a test does not have stands before it as
 * `<!-- needs: … -->`.
 *
 * @returns {Promise<Block[]>}
 */
export async function blocksOf(page) {
  const text = await readFile(page, 'utf8');
  const fences =
    /(?:<!-- needs: (?<needs>[^>]+?) -->\s*)?^(?<indent> *)```(?<language>\w+)\n(?<text>.*?)^\k<indent>```$/gms;
  return [...text.matchAll(fences)].map(({ index, groups }) => ({
    page,
    line: text.slice(0, index).split('\n').length,
    language: groups.language,
    text: groups.text.replaceAll(new RegExp(`^${groups.indent}`, 'gm'), ''),
    needs: groups.needs,
  }));
}
