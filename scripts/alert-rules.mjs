/**
 * Checks deploy/prometheus/rules.yml and runs its tests, with promtool of Debian's package `prometheus`.
 *
 *     node scripts/alert-rules.mjs
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const RULES = fileURLToPath(new URL('../deploy/prometheus/rules.yml', import.meta.url));
const TESTS = fileURLToPath(new URL('../deploy/prometheus/rules.test.yml', import.meta.url));
const INSTALL_LIMIT_MS = 5 * 60_000;

/**
 * Makes sure there is a promtool, and installs Debian's where that is possible.
 *
 * @returns why there is none, or undefined where there is one
 */
export function missingPromtool() {
  if (isThere()) return undefined;
  if (process.getuid?.() !== 0) return 'there is no promtool, and only root may install it: apt-get install prometheus';
  process.stderr.write('image-gateway: installing prometheus\n');
  apt('update');
  apt('install', '-y', '--no-install-recommends', 'prometheus');
  return isThere() ? undefined : 'there is no promtool, and apt-get could not install it';
}

/** Whether the rules are well formed and their tests pass; promtool says what is wrong. */
export function checkAlertRules() {
  return [
    ['check', 'rules', RULES],
    ['test', 'rules', TESTS],
  ].every((args) => spawnSync('promtool', args, { stdio: 'inherit' }).status === 0);
}

const isThere = () => spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0;

/** Without starting anything: the package would run a server of its own. */
function apt(...args) {
  spawnSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
    timeout: INSTALL_LIMIT_MS,
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const missing = missingPromtool();
  if (missing) console.error(`image-gateway: ${missing}`);
  process.exitCode = missing || !checkAlertRules() ? 1 : 0;
}
