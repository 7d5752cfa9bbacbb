/** The oldest Node that runs this, as in `engines` of package.json. To be read by older ones: it imports nothing. */
const OLDEST = { major: 24, minor: 15 } as const;

/** Ends the process with exit code 1, and says why, where `version` (such as `24.15.0`) is older than the oldest that will do. */
export function requireNode(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return;
  console.error(`image-gateway needs Node >= ${OLDEST.major}.${OLDEST.minor}; this is Node ${version}.`);
  process.exit(1);
}
