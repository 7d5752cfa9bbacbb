/**
 * Lists the licences of everything that is shipped: docs/licences.md, made of package-lock.json and node_modules.
 *
 *     npm ci && node scripts/licences.mjs
 *
 * test/contract/dependencies.contract-spec.js fails where they differ, and where a licence is not one of these.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

const ROOT = new URL('../', import.meta.url);
const PAGE = fileURLToPath(new URL('docs/licences.md', ROOT));

/** Permissive: they ask for their text to be kept, and nothing of the program around them. */
export const PERMISSIVE = [
  '0BSD',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Bitstream-Vera',
  'ISC',
  'MIT',
  'Python-2.0',
];

/** libvips and what it brings: a library of its own beside sharp, loaded when the program runs, which LGPL asks for. */
const LGPL = /^@img\/sharp-(?:libvips-|win32-|wasm32)/;

/** Where package.json does not say it in SPDX's words, read in the package itself. */
const READ_IN_PACKAGE = { 'dejavu-fonts-ttf': 'Bitstream-Vera', busboy: 'MIT', streamsearch: 'MIT' };

/** Every package that is installed without the development dependencies, once for each version. */
export async function shippedPackages() {
  const { packages } = JSON.parse(await readFile(new URL('package-lock.json', ROOT), 'utf8'));
  const shipped = Object.entries(packages).filter(
    ([path, { dev, devOptional }]) => path !== '' && !dev && !devOptional,
  );
  const described = shipped.map(([path, { version, license }]) => {
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
    return { name, version, licence: READ_IN_PACKAGE[name] ?? license ?? 'unknown' };
  });
  const unique = new Map(described.map((entry) => [`${entry.name}@${entry.version}`, entry]));
  return [...unique.values()].toSorted((one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0));
}

/** Whether a package may be shipped: under permissive licences alone, or as the library beside sharp. */
export function mayBeShipped({ name, licence }) {
  return licence
    .split(' AND ')
    .every((each) => PERMISSIVE.includes(each) || (each === 'LGPL-3.0-or-later' && LGPL.test(name)));
}

/** The page as it should be. */
export async function licencesPage() {
  const packages = await shippedPackages();
  const rows = packages.map(({ name, version, licence }) => `| \`${name}\` | ${version} | ${licence} |`);
  const text = `# Licences

What is shipped, by \`package-lock.json\`; made by \`scripts/licences.mjs\`. Development dependencies are not shipped and not listed.
Packages for other platforms are listed, though only one platform's are installed.

All of it is permissive, but for libvips: the picture library behind sharp is under LGPL-3.0-or-later. It is a shared library in a
package of its own, is loaded when the first picture needs it, and can be replaced by another build of it. The gateway's own code
is under MIT all the same.

| Package | Version | Licence |
| --- | --- | --- |
${rows.join('\n')}
`;
  return format(text, { ...(await resolveConfig(PAGE)), parser: 'markdown' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeFile(PAGE, await licencesPage());
