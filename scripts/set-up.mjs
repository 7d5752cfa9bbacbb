/**
 * Makes this checkout ready to run, doing only what is not done yet.
 *
 *     node scripts/set-up.mjs install build
 *
 * `install` installs what the lock file names, `build` compiles src/ into dist/. Each leaves a stamp of what it worked
 * from inside what it made, so that the stamp is gone when its work is. `stamp` only marks dist/ as built from the
 * present sources, for builds made by hand. What `npm ci` installed by hand is known by npm's own record.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isInstalled } from './installed.mjs';

const INSTALLED = 'node_modules/.image-gateway-lock';
/** npm's own. */
const INSTALLED_BY_NPM = 'node_modules/.package-lock.json';
const BUILT = 'dist/.image-gateway-build';

/** Native packages differ by platform, so a checkout that moves between machines is installed anew. */
const installStamp = () => fingerprint(['package-lock.json'], `${process.platform}-${process.arch}`);

const buildStamp = async () =>
  fingerprint([
    ...['package.json', 'package-lock.json', 'nest-cli.json', 'tsconfig.json', 'tsconfig.build.json'],
    ...(await sources()),
  ]);

const steps = {
  async install() {
    const stamp = await installStamp();
    if ((await stampIn(INSTALLED)) === stamp) return;
    if (!(await isInstalledByHand())) {
      say('Installing the dependencies');
      npm('ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error');
    }
    await writeFile(INSTALLED, stamp);
  },

  async build() {
    // Taken before the build: a file saved while the compiler runs is built at the next start.
    const stamp = await buildStamp();
    if ((await stampIn(BUILT)) === stamp) return;
    say('Building');
    npm('run', '--silent', 'build');
    await writeFile(BUILT, stamp);
  },

  async stamp() {
    await writeFile(BUILT, await buildStamp());
  },
};

/** The files that are compiled: specs are not, so a changed test builds nothing. */
async function sources() {
  const entries = await readdir('src', { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.endsWith('.spec.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function fingerprint(files, ...also) {
  const hash = createHash('sha256').update(also.join());
  for (const file of files) {
    const content = await readFile(file);
    hash.update(`\0${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

async function isInstalledByHand() {
  const record = await stampIn(INSTALLED_BY_NPM);
  return (
    record !== undefined && isInstalled(JSON.parse(await readFile('package-lock.json', 'utf8')), JSON.parse(record))
  );
}

/** The stamp of work done, or undefined where it has not been done. */
async function stampIn(file) {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** stdout belongs to the command that is being set up, so npm's output joins ours on stderr. */
function npm(...args) {
  const { status, error } = spawnSync('npm', args, { stdio: ['ignore', 2, 2] });
  if (error) throw error;
  if (status !== 0) {
    say(`npm ${args[0] === 'run' ? 'run build' : args[0]} failed`);
    process.exit(1);
  }
}

function say(text) {
  process.stderr.write(`image-gateway: ${text}\n`);
}

for (const step of process.argv.slice(2)) await steps[step]();
