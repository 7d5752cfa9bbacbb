import { describe, expect, it } from '@jest/globals';
import { readAudit } from '../../scripts/audit.mjs';

const reportOf = (counts) =>
  JSON.stringify({
    vulnerabilities: {},
    metadata: { vulnerabilities: { low: 2, moderate: 1, high: 0, critical: 0, ...counts } },
  });

describe('the audit of packages', () => {
  it('is clean where nothing high or critical is known', () => {
    expect(readAudit(reportOf({}))).toEqual({ isClean: true });
  });

  it.each(['high', 'critical'])('is not clean where something %s is known', (severity) => {
    expect(readAudit(reportOf({ [severity]: 1 }))).toEqual({ isClean: false });
  });

  it('says so where the registry could not be asked, and never takes that for clean', () => {
    const refused = JSON.stringify({
      message: '405 Method Not Allowed - POST https://registry.example/advisories',
      statusCode: 405,
    });

    expect(readAudit(refused)).toEqual({ unavailable: 'the registry tells no advisories (405 Method Not Allowed)' });
    expect(readAudit('')).toEqual({ unavailable: 'the registry tells no advisories (npm gave no report)' });
  });
});
