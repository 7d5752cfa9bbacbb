/**
 * Runs every check after the set-up, each whatever the ones before it came to, and ends with what they came to together.
 *
 *     node scripts/check.mjs built|broken
 *
 * `broken` says that the build failed: that counts as one failure, and the tests of the build are left out.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { audit } from './audit.mjs';
import { checkAlertRules, missingPromtool } from './alert-rules.mjs';
import { chromiumPath, missingBrowser } from './browser.mjs';
import { deployNeeds } from './deploy.mjs';
import { MissingTool } from './deploy/machine.mjs';
import { startServices } from './services.mjs';
import { failed, lineOf, passed, skipped, sumOf, tallyOf } from './tally.mjs';

const built = process.argv[2] === 'built';
const reports = mkdtempSync(join(tmpdir(), 'image-gateway-test-'));

// No test may ever buy a picture, whatever the caller's environment holds.
const env = { ...process.env, CHROMIUM_PATH: chromiumPath };
delete env.RECRAFT_API_KEY;

/** What is said about each check at the end, and its tally. */
const results = [];

record('build', built ? passed : failed);
record('types', npmRun('typecheck'));
record('lint', npmRun('lint'));
auditPackages();
alertRules();
if (built) {
  record('unit, e2e and contract tests', jest(['unit', 'e2e', 'contract']));
  record('security tests', jest(['security'], '--runInBand'));
  browserTests();
  await databaseTests();
  for (const kind of Object.keys(deployNeeds)) deployTests(kind);
  // They measure time and memory, so they have the machine for themselves.
  record('load tests', jest(['load'], '--runInBand'));
} else {
  record('unit and e2e tests', jest(['unit', 'e2e']));
  const untested = 'contract, security, browser, database, deploy and load tests';
  record(untested, skipped, 'left out: they test the build');
}

rmSync(reports, { recursive: true });
const total = sumOf(results.map(({ tally }) => tally));
for (const { name, tally, note } of results) console.log(`  ${name}: ${note ?? lineOf(tally)}`);
console.log(lineOf(total));
process.exitCode = total.failed === 0 ? 0 : 1;

function alertRules() {
  title('alert rules');
  const name = 'alert rules';
  const missing = missingPromtool();
  if (!missing) record(name, checkAlertRules() ? passed : failed);
  else if (env.SERVICE_TESTS === 'required') record(name, failed, `FAILED, ${missing}`);
  else record(name, skipped, `LEFT OUT, ${missing}`);
}

function browserTests() {
  const missing = missingBrowser();
  if (!missing) record('browser tests', jest(['browser']));
  else if (env.BROWSER_TESTS === 'required') record('browser tests', failed, `FAILED, ${missing}`);
  else record('browser tests', skipped, `LEFT OUT, ${missing}`);
}

/** The same tests twice: on the embedded database, and on PostgreSQL with Redis. */
async function databaseTests() {
  record('database tests, embedded', jest(['database']));
  const name = 'database tests, PostgreSQL and Redis';
  let services;
  try {
    services = await startServices();
  } catch ({ message }) {
    if (env.SERVICE_TESTS === 'required') record(name, failed, `FAILED, ${message}`);
    else record(name, skipped, `LEFT OUT, ${message}`);
    return;
  }
  Object.assign(env, services.env);
  record(name, jest(['database']));
  for (const variable of Object.keys(services.env)) delete env[variable];
  await services.stop();
}

/** The chart by Helm, and the image by buildah and in a container. */
function deployTests(kind) {
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
  record(name, jest(['deploy'], '--testPathPatterns', `test/deploy/${kind}/`));
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

function npmRun(script) {
  title(`npm run ${script}`);
  const { status } = spawnSync('npm', ['run', '--silent', script], { stdio: 'inherit', env });
  return status === 0 ? passed : failed;
}

/** Runs the named projects of jest.config.js, and counts their tests. */
function jest(projects, ...options) {
  title(`${projects.join(', ')} tests`);
  const outputFile = join(reports, `${projects[0]}.json`);
  const { status } = spawnSync(
    process.execPath,
    [
      ...['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js'],
      ...['--json', '--outputFile', outputFile, '--selectProjects', ...projects, ...options],
    ],
    { stdio: 'inherit', env },
  );
  return tallyOf(read(outputFile), status);
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
