import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { databaseDown } from '../database/database-down.js';
import { CallRecord } from '../telemetry/call-record.js';
import { Metrics } from '../telemetry/metrics.js';
import { DatabaseLedger } from './database-ledger.js';
import type { LedgerBatches } from './ledger-batches.js';
import type { EndingEntry } from './ledger-entries.js';
import { SpendMetrics } from './spend-metrics.js';

describe('A reservation whose fate is unknown', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('is given back at once, and again when PostgreSQL cannot be working on it any more', async () => {
    const ended: EndingEntry[] = [];
    const batches: Pick<LedgerBatches, 'reserve' | 'end'> = {
      reserve: () => Promise.reject(databaseDown(new Error('the connection broke'))),
      end: (entry) => Promise.resolve(void ended.push(entry)),
    };
    const ledger = new DatabaseLedger(batches as LedgerBatches, new SpendMetrics(new Metrics(() => true)), 0);
    await expect(ledger.reserve(new CallRecord('req_1'))).rejects.toMatchObject({ fault: 'databaseDown' });
    const release = { id: 'req_1', seq: 0, status: 'failure', fault: 'databaseDown', images: 0 };
    expect(ended).toEqual([release]);
    jest.advanceTimersByTime(9_999);
    expect(ended).toHaveLength(1);
    jest.advanceTimersByTime(1_001);
    expect(ended).toEqual([release, release]);
  });
});
