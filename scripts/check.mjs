/**
 * Runs every check after the set-up, each whatever the ones before it came to, and ends with what they came to together.
 *
 *     node scripts/check.mjs built|broken
 *
 * `broken` says that the build failed: that counts as one failure, and the tests of the build are left out.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit } from './audit.mjs';
import { checkAlertRules, missingPromtool } from './alert-rules.mjs';
import { run } from './bounded-run.mjs';
import { chromiumPath, missingBrowser } from './browser.mjs';
import { deployNeeds } from './deploy.mjs';
import { MissingTool } from './deploy/machine.mjs';
import { startServices } from './services.mjs';
import { failed, lineOf, passed, skipped, sumOf, tallyOf } from './tally.mjs';

/** What takes longer hangs. The longest check takes about four minutes on two cores. */
const LIMIT_MS = 15 * 60_000;

/** Many tests wait for a clock or another process: one beside them keeps two cores busy. */
const SIDE_BY_SIDE = '--maxWorkers=2';

const built = process.argv[2] === 'built';
const reports = mkdtempSync(join(tmpdir(), 'image-gateway-test-'));

// No test may ever buy a picture, whatever the caller's environment holds.
const env = { ...process.env, CHROMIUM_PATH: chromiumPath };
delete env.RECRAFT_API_KEY;

/** What is said about each check at the end, and its tally. */
const results = [];

record('build', built ? passed : failed);
// These two read the sources alone, so the tools of the tests are installed and the image is built meanwhile.
const readings = [startReading('types', 'typecheck'), startReading('lint', 'lint')];
auditPackages();
alertRules();
if (built) {
  const noBrowser = missingBrowser();
  const services = await startServices().catch(({ message }) => ({ missing: message }));
  for (const kind of Object.keys(deployNeeds)) await deployTests(kind);
  for (const conclude of readings) await conclude();
  record('unit, e2e and contract tests', await jest(['unit', 'e2e', 'contract'], SIDE_BY_SIDE));
  record('security tests', await jest(['security'], SIDE_BY_SIDE));
  await browserTests(noBrowser);
  record('database tests, embedded', await jest(['database'], SIDE_BY_SIDE));
  await serviceTests(services);
  // They measure time and memory, so they have the machine for themselves.
  record('load tests', await jest(['load'], '--runInBand'));
} else {
  for (const conclude of readings) await conclude();
  record('unit and e2e tests', await jest(['unit', 'e2e'], SIDE_BY_SIDE));
  const untested = 'contract, security, browser, database, deploy and load tests';
  record(untested, skipped, 'left out: they test the build');
}

rmSync(reports, { recursive: true });
const total = sumOf(results.map(({ tally }) => tally));
for (const { name, tally, note } of results) console.log(`  ${name}: ${note ?? lineOf(tally)}`);
console.log(lineOf(total));
process.exitCode = total.failed === 0 ? 0 : 1;

/** Starts a script of npm's whose output is kept. Returns what waits for its end, shows its output and records it. */
function startReading(name, script) {
  const file = join(reports, `${script}.txt`);
  const output = openSync(file, 'w');
  const ended = run('npm', ['run', '--silent', script], { limitMs: LIMIT_MS, env, output });
  return async () => {
    const code = await ended;
    closeSync(output);
    title(`npm run ${script}`);
    process.stdout.write(readFileSync(file));
    record(name, code === 0 ? passed : failed);
  };
}

function alertRules() {
  title('alert rules');
  const name = 'alert rules';
  const missing = missingPromtool();
  if (!missing) record(name, checkAlertRules() ? passed : failed);
  else if (env.SERVICE_TESTS === 'required') record(name, failed, `FAILED, ${missing}`);
  else record(name, skipped, `LEFT OUT, ${missing}`);
}

async function browserTests(missing) {
  if (!missing) record('browser tests', await jest(['browser']));
  else if (env.BROWSER_TESTS === 'required') record('browser tests', failed, `FAILED, ${missing}`);
  else record('browser tests', skipped, `LEFT OUT, ${missing}`);
}

/** The database tests once more, now on PostgreSQL and with Redis. */
async function serviceTests({ missing, env: addresses, stop }) {
  const name = 'database tests, PostgreSQL and Redis';
  if (missing) {
    if (env.SERVICE_TESTS === 'required') record(name, failed, `FAILED, ${missing}`);
    else record(name, skipped, `LEFT OUT, ${missing}`);
    return;
  }
  Object.assign(env, addresses);
  record(name, await jest(['database'], SIDE_BY_SIDE));
  for (const variable of Object.keys(addresses)) delete env[variable];
  await stop();
}

/** The chart by Helm, and the image by buildah and in a container. */
async function deployTests(kind) {
  const name = `${kind} tests`;
  title(`setting up the ${name}`);
  let need;
  try {
    need = deployNeeds[kind]();
  } catch (error) {
    // A Dockerfile that does not build is a failure everywhere.
    const isLeftOut = error instanceof MissingTool && env.DEPLOY_TESTS !== 'required';
    record(name, isLeftOut ? skipped : failed, `${isLeftOut ? 'LEFT OUT' : 'FAILED'}, ${error.message}`);
    return;
  }
  Object.assign(env, need.env);
  record(name, await jest(['deploy'], '--testPathPatterns', `test/deploy/${kind}/`));
  need.remove();
}

/** Known weaknesses of the packages; a registry may have none to tell. */
function auditPackages() {
  title('npm audit');
  const { unavailable, isClean } = audit();
  if (unavailable === undefined) record('npm audit', isClean ? passed : failed);
  else if (env.AUDIT === 'required') record('npm audit', failed, `FAILED, ${unavailable}`);
  else record('npm audit', skipped, `LEFT OUT, ${unavailable}`);
}

function record(name, tally, note) {
  results.push({ name, tally, note });
}

/** Runs the named projects of jest.config.js, and counts their tests. */
async function jest(projects, ...options) {
  title(`${projects.join(', ')} tests`);
  const outputFile = join(reports, `${projects[0]}.json`);
  // What the run before left there counts for that run alone.
  rmSync(outputFile, { force: true });
  const args = [
    ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
    ...['--json', '--outputFile', outputFile, '--selectProjects', ...projects, ...options],
  ];
  const code = await run(process.execPath, args, { limitMs: LIMIT_MS, env });
  return tallyOf(read(outputFile), code);
}

/** A jest that broke down leaves no report. */
function read(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function title(text) {
  console.log(`\n== ${text}`);
}
