import { describe, expect, it } from '@jest/globals';
import { GatewayError } from '../errors/gateway-error.js';
import { CallRecord } from '../telemetry/call-record.js';
import { toldAfterCharge } from './after-charge.js';

const call = (known: Partial<CallRecord>): CallRecord => Object.assign(new CallRecord('req_1'), known);
const busy = new GatewayError('upstreamOverloaded', 'Busy.', { retryAfterSeconds: 2 });
const FINAL = { status: 424, code: 'failed_after_charge', mayBeCharged: true, retryAfterSeconds: undefined };

describe('What is told of a failure', () => {
  it('is final where something was charged, or may have been', () => {
    expect(toldAfterCharge(busy, call({ chargedMicroDollars: 40_000 }))).toMatchObject(FINAL);
    expect(toldAfterCharge(busy, call({ mayBeCharged: true }))).toMatchObject(FINAL);
    expect(toldAfterCharge(new Error('a bug'), call({ chargedMicroDollars: 1 }))).toMatchObject(FINAL);
  });

  it.each<[string, unknown, Partial<CallRecord>]>([
    ['nothing was charged', busy, {}],
    ['nothing was asked for it', busy, { chargedMicroDollars: 0 }],
    ['no client repeats it', new GatewayError('unprocessable', 'No.'), { chargedMicroDollars: 40_000 }],
    ['it says itself that it may be charged', new GatewayError('upstreamTimeout', 'Late.'), { mayBeCharged: true }],
  ])('is the failure itself where %s', (_what, error, known) => {
    expect(toldAfterCharge(error, call(known))).toBe(error);
  });

  it('is nothing to a caller who has left', () => {
    const left = call({ chargedMicroDollars: 40_000 });
    left.giveUp();
    expect(toldAfterCharge(busy, left)).toBe(busy);
  });
});
