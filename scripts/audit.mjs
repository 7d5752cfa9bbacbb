/** Whether weaknesses of a high or critical kind are known in the packages of the lock file. */
import { spawnSync } from 'node:child_process';

const PATIENCE_MS = 60_000;

/** @returns `isClean`, or in `unavailable` why the registry could not be asked */
export function audit() {
  const { stdout } = spawnSync('npm', ['audit', '--json', '--audit-level=high'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: PATIENCE_MS,
  });
  return readAudit(stdout);
}

/** What `npm audit --json` came to. Where the registry has no advisories, npm writes an error in place of a report. */
export function readAudit(text) {
  const report = parsed(text);
  if (!report?.metadata) {
    return {
      unavailable: `the registry tells no advisories (${report?.message?.split(' - ')[0] ?? 'npm gave no report'})`,
    };
  }
  const { high, critical } = report.metadata.vulnerabilities;
  for (const { name, severity } of Object.values(report.vulnerabilities)) console.log(`  ${severity}: ${name}`);
  return { isClean: high + critical === 0 };
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
