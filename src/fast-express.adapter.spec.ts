import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import type { Express } from 'express';
import { FastExpressAdapter } from './fast-express.adapter.js';

describe('FastExpressAdapter', () => {
  it('makes messages whose prototype Express has nothing to change about', async () => {
    const adapter = new FastExpressAdapter({ headersTimeoutMs: 1_000, receiveTimeoutMs: 1_000 }, () => true);
    adapter.initHttpServer();
    const express = adapter.getInstance<Express>();
    const before: unknown[] = [];
    adapter.seeFirst((request, response) => {
      before.push(Object.getPrototypeOf(request), Object.getPrototypeOf(response));
      return false;
    });
    const after: unknown[] = [];
    express.get('/', (request, response) => {
      after.push(Object.getPrototypeOf(request), Object.getPrototypeOf(response));
      response.json({ host: request.get('host'), app: request.app === express });
    });

    const server = adapter.getHttpServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}/`);

    expect(await answer.json()).toEqual({ host: `127.0.0.1:${port}`, app: true });
    expect(before).toEqual([express.request, express.response]);
    expect(before.map((each, at) => each === after[at])).toEqual([true, true]);
    await adapter.close();
  });
});
