import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';

/** Where the browser tests look for Chromium; Debian's place unless CHROMIUM_PATH names another. */
export const chromiumPath = process.env.CHROMIUM_PATH || '/usr/bin/chromium';

const INSTALL_LIMIT_MS = 10 * 60_000;

/**
 * Makes sure there is a browser, and installs Debian's where that is possible.
 *
 * @returns why there is none, or undefined where there is one
 */
export function missingBrowser() {
  if (isThere()) return undefined;
  if (process.env.CHROMIUM_PATH) return `CHROMIUM_PATH names ${chromiumPath}, which is no program`;
  if (process.getuid?.() !== 0) return `there is no ${chromiumPath}, and only root may install it`;
  process.stderr.write('image-gateway: installing Chromium\n');
  apt('update');
  // Without a font the pages have no text.
  apt('install', '-y', '--no-install-recommends', 'chromium', 'fonts-dejavu-core');
  return isThere() ? undefined : `there is no ${chromiumPath}, and apt-get could not install it`;
}

function isThere() {
  try {
    accessSync(chromiumPath, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Errors reach stderr; whether it worked is asked of the file system afterwards. */
function apt(...args) {
  spawnSync('apt-get', ['-qq', ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: INSTALL_LIMIT_MS,
  });
}
