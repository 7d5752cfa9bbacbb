import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import { CallRecord } from '../telemetry/call-record.js';
import { AnswerCopy, CopyBudget } from './answer-copy.js';
import { Fingerprint } from './fingerprint.js';
import { PaidCall } from './paid-call.js';
import { PaidCalls } from './paid-calls.js';

const SCOPE = 'key /v1/images/generations';
const asks = (prompt: string) => new Fingerprint({ fields: { prompt }, pictures: new Map() });

/** Calls with room for so many outcomes, and for so many bytes of answers. */
function callsWith(mostKept: number, mostBytes = 1_000) {
  const calls = new PaidCalls(mostKept);
  const budget = new CopyBudget(mostBytes, (worth) => calls.makeRoom(worth));
  /** A call that runs; `make` stands for reading what it asks for. */
  const start = (id: string, make?: () => Promise<string>, isReceived = false) => {
    const response = Object.assign(new EventEmitter(), { writableFinished: isReceived, end: () => undefined });
    const first = { response: response as unknown as Response, call: new CallRecord(id) };
    const fingerprint = Object.assign(asks(id), make && { make });
    const call = new PaidCall({
      ...{ first, copy: new AnswerCopy(budget), fingerprint, key: undefined, marksRepeats: true },
      ...{ outlivesReaders: true, onOrphaned: () => undefined, coalesceMs: 0 },
    });
    calls.add(SCOPE, call);
    return { call, first };
  };
  /** A call that has been answered with ten bytes, and was received or not. */
  const add = async (id: string, isReceived: boolean): Promise<PaidCall> => {
    const { call, first } = start(id, undefined, isReceived);
    await call.run((answer) => {
      answer.end(new Uint8Array(10));
      return Promise.resolve();
    });
    call.leave(first);
    await call.fingerprint.make();
    calls.keep(SCOPE, call, 60_000);
    return call;
  };
  const find = (id: string) => calls.findByFingerprint(SCOPE, asks(id), true);
  return { calls, start, add, find };
}

describe('PaidCalls', () => {
  it('forgets those that were received before those that were not', async () => {
    const { calls, add, find } = callsWith(2);
    await add('lost', false);
    await add('received', true);
    await add('received too', true);
    expect([await find('lost'), await find('received'), await find('received too')].map((call) => call?.id)).toEqual([
      'lost',
      undefined,
      'received too',
    ]);
    expect(calls.keptCount).toBe(2);
  });

  it('forgets copies in the same order, and never that a call was paid', async () => {
    const { add } = callsWith(10, 25);
    const [lost, received, next] = [await add('lost', false), await add('received', true), await add('next', true)];
    expect([lost, received, next].map(({ isLost }) => isLost)).toEqual([false, true, false]);
  });

  it('finds no call whose last reader left before it was sent, and any other', async () => {
    const { start, find } = callsWith(10);
    const [givenUp, sent] = [start('given up'), start('sent')];
    sent.first.call.times.sentAt = performance.now();
    for (const { call, first } of [givenUp, sent]) call.leave(first);
    expect(givenUp.first.call.signal.aborted).toBe(true);
    expect(await find('given up')).toBeUndefined();
    expect(await find('sent')).toBe(sent.call);
  });

  it('takes a call whose pictures cannot be read any more for none that is the same', async () => {
    const { start, find } = callsWith(10);
    start('asked', () => Promise.reject(new Error('gone')));
    expect(await find('asked')).toBeUndefined();
    const { call } = start('asked');
    expect(await find('asked')).toBe(call);
  });

  it('forgets what was kept for long enough', async () => {
    const { calls, add, find } = callsWith(10);
    const call = await add('old', true);
    call.expire();
    calls.sweep();
    expect([calls.keptCount, await find('old')]).toEqual([0, undefined]);
  });
});
