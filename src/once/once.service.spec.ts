import { EventEmitter } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import type { Request, Response } from 'express';
import { pino } from 'pino';
import type { Settings } from '../config/settings.js';
import { CallRecord } from '../telemetry/call-record.js';
import { Metrics } from '../telemetry/metrics.js';
import { OnceService } from './once.service.js';

const once = {
  keyLifetimeMs: 60_000,
  retryWindowMs: 60_000,
  coalesceMs: 0,
  memoryBytes: 1_000_000,
  finishAbandoned: true,
  whileRunning: 'wait',
};

/** A client that waits for its answer. */
function aClient() {
  const call = new CallRecord('req_1');
  const request = { headers: {}, route: { path: '/v1/images/generations' }, params: {}, body: {}, call };
  const response = Object.assign(new EventEmitter(), { writableFinished: false });
  return { call, request: request as unknown as Request, response: response as unknown as Response };
}

function aService(): OnceService {
  const settings = { once, models: { configured: [], longestStreamMs: 1 } } as unknown as Settings;
  return new OnceService(settings, pino({ enabled: false }), new Metrics(() => true), undefined, undefined);
}

describe('The work of a call that may outlive its client', () => {
  it('is over when it is done and its client is gone', async () => {
    const service = aService();
    const { call, request, response } = aClient();
    const freed: string[] = [];
    await service.answer(request, response, () => Promise.resolve());
    call.afterWork(() => freed.push('body'));
    expect(freed).toEqual([]);
    response.emit('close');
    await service.beforeApplicationShutdown();
    expect(freed).toEqual(['body']);
    service.onModuleDestroy();
  });

  it('is not begun where its client has left', async () => {
    const service = aService();
    const { call, request, response } = aClient();
    call.giveUp();
    const work = jest.fn(() => Promise.resolve());
    await expect(async () => service.answer(request, response, work)).rejects.toThrow('The caller left.');
    await service.beforeApplicationShutdown();
    expect([work.mock.calls.length, call.isWorkedOn]).toEqual([0, false]);
    service.onModuleDestroy();
  });
});
