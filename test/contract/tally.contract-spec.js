import { describe, expect, it } from '@jest/globals';
import { failed, lineOf, passed, sumOf, tallyOf } from '../../scripts/tally.mjs';

const aReport = (over = {}) => ({
  numPassedTests: 3,
  numFailedTests: 0,
  numRuntimeErrorTestSuites: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  ...over,
});

describe('the last line of scripts/test', () => {
  it('adds up tests and checks', () => {
    expect(lineOf(sumOf([passed, failed, tallyOf(aReport({ numFailedTests: 2 }), 1)]))).toBe('4 passed, 3 failed');
  });

  it('names skipped tests where there are any', () => {
    expect(lineOf(tallyOf(aReport({ numPendingTests: 1, numTodoTests: 1 }), 0))).toBe('3 passed, 0 failed, 2 skipped');
  });

  it('counts a spec file that could not be loaded as a failure', () => {
    expect(tallyOf(aReport({ numRuntimeErrorTestSuites: 1 }), 1)).toMatchObject({ failed: 1 });
  });

  it.each([
    ['a run that failed without a failed test', aReport(), 1],
    ['a run that was killed', aReport(), null],
    ['a run that left no report', undefined, 0],
  ])('counts %s as a failure', (_, report, exitCode) => {
    expect(tallyOf(report, exitCode)).toMatchObject({ failed: 1 });
  });
});
