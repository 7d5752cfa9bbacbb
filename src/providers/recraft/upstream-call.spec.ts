import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import type { Dispatcher } from 'undici';
import type { AnswerSink } from '../../images/image-provider.js';
import type { UpstreamTimes } from '../../telemetry/call-record.js';
import { UpstreamCall } from './upstream-call.js';

/** A call that is being written, and how often its slot was told. */
function started() {
  const onSent = jest.fn();
  const times: UpstreamTimes = { sentAt: undefined, firstByteAt: undefined, onSent };
  const caller = new AbortController();
  const deadlines = { firstByteMs: 10_000, totalMs: 10_000 };
  const call = new UpstreamCall({} as AnswerSink, caller.signal, times, deadlines, false);
  call.done.catch(() => undefined);
  call.onRequestStart({ abort: () => undefined } as unknown as Dispatcher.DispatchController);
  const end = (): void => {
    caller.abort(new Error('The test is over.'));
  };
  return { call, onSent, end };
}

describe('A call that is written', () => {
  it('tells its slot when that begins', () => {
    const { call, onSent, end } = started();
    call.onRequestSent();
    expect(onSent).toHaveBeenCalledTimes(1);
    end();
  });

  it('tells its slot again when that ends, where it took a while', async () => {
    const { call, onSent, end } = started();
    await pause(10);
    call.onRequestSent();
    expect(onSent).toHaveBeenCalledTimes(2);
    end();
  });
});
