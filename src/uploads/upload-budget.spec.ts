import { describe, expect, it } from '@jest/globals';
import { UploadBudget } from './upload-budget.js';

describe('UploadBudget', () => {
  it('counts what all leases hold together', () => {
    const budget = new UploadBudget(100);
    const [one, other] = [budget.lease(), budget.lease()];
    one.take(60);
    other.take(40);
    expect(budget.inUse).toBe(100);
  });

  it('refuses what would exceed the cap, with a time to come back, and leaves the rest as it was', () => {
    const budget = new UploadBudget(100);
    budget.lease().take(60);
    const late = budget.lease();
    expect(() => {
      late.take(41);
    }).toThrow(expect.objectContaining({ fault: 'tooBusy', retryAfterSeconds: 2 }));
    expect(budget.inUse).toBe(60);
    late.take(40);
  });

  it('takes a lease back once, however often it is released', () => {
    const budget = new UploadBudget(100);
    const [one, other] = [budget.lease(), budget.lease()];
    one.take(50);
    other.take(30);
    one.release();
    one.release();
    expect(budget.inUse).toBe(30);
  });

  it('gives nothing to a lease that was released', () => {
    const lease = new UploadBudget(100).lease();
    lease.release();
    expect(() => {
      lease.take(1);
    }).toThrow('released');
  });
});
