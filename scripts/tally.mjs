/** What a check came to. Jest's tests count one by one, any other check counts as one. */
export const passed = { passed: 1, failed: 0, skipped: 0 };
export const failed = { passed: 0, failed: 1, skipped: 0 };
export const skipped = { passed: 0, failed: 0, skipped: 1 };

/**
 * Counts the tests of one jest run.
 *
 * @param report what `jest --json` wrote, or undefined where it wrote nothing
 * @param exitCode how jest ended: a run that failed without a failed test still counts as one failure
 */
export function tallyOf(report, exitCode) {
  if (!report) return failed;
  const counted = {
    passed: report.numPassedTests,
    // A spec file that could not be loaded has no tests to count.
    failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    skipped: report.numPendingTests + report.numTodoTests,
  };
  if (exitCode !== 0 && counted.failed === 0) counted.failed = 1;
  return counted;
}

export function sumOf(tallies) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const tally of tallies) for (const kind of Object.keys(sum)) sum[kind] += tally[kind];
  return sum;
}

/** `N passed, N failed`, and the skipped where there are any. */
export function lineOf(tally) {
  return `${tally.passed} passed, ${tally.failed} failed${tally.skipped ? `, ${tally.skipped} skipped` : ''}`;
}
