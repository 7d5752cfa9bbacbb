import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { onPostgres, testDatabase } from '../support/database.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { generateKey, withKey } from '../support/keys.js';

jest.setTimeout(30_000);

const PRICE = 0.04;
const REQUESTS = 6;

it('A request keeps what it has reserved while it waits for its turn, longer than an attempt may take', async () => {
  await using home = await testDatabase();
  await using sandbox = await Sandbox.start();
  // An attempt may take two seconds, and what nobody ends is written off soon after; the last request waits for five.
  const environment = { UPSTREAM_RPS: '1', REQUEST_TIMEOUT_MS: '2000', RESERVATION_MARGIN_MS: '0' };
  await using gateway = await startGateway(sandbox, { ...home.environment, ...environment });
  const { key } = await generateKey(gateway, { max_budget: REQUESTS * PRICE });
  const order = { model: 'recraft/recraftv3', prompt: 'a fox', timeout: 20 };
  const ask = async (): Promise<number> => {
    const { status } = await gateway.post('/v1/images/generations', order, withKey(key));
    return status;
  };

  const statuses = await Promise.all(Array.from({ length: REQUESTS }, ask));

  expect(statuses).toEqual(Array.from({ length: REQUESTS }, () => 200));
  const metrics = await (await gateway.call('/metrics')).text();
  expect(metrics).toContain('recraft_gateway_possibly_charged_total 0');
  const info = await (await gateway.call(`/key/info?key=${key}`)).json();
  expect(info).toMatchObject({ info: { spend: REQUESTS * PRICE, reserved: 0 } });
  expect(await ask()).toBe(429);
});

// The embedded database serves one gateway.
(onPostgres ? describe : describe.skip)('Over two gateways', () => {
  it('a stream keeps what it has reserved, and its key, for as long as it may take', async () => {
    await using home = await testDatabase();
    await using sandbox = await Sandbox.start({ latencyMs: 2_500 });
    // Any other request has half a second, and what nobody ends is written off at once.
    const environment = { REQUEST_TIMEOUT_MS: '500', RESERVATION_MARGIN_MS: '0', SSE_HEARTBEAT_MS: '100' };
    await using gateway = await startGateway(sandbox, { ...home.environment, ...environment });
    await using other = await startGateway(sandbox, { ...home.environment, ...environment });
    const ask = async (at: RunningGateway): Promise<string> => {
      const order = { model: 'recraft/recraftv3', prompt: 'a fox', stream: true, timeout: 20 };
      return (await at.post('/v1/images/generations', order, { headers: { 'idempotency-key': 'one' } })).text();
    };

    const first = ask(gateway);
    await pause(1_200);
    const answers = await Promise.all([first, ask(other)]);

    expect(answers.map((text) => text.includes('event: image_generation.completed'))).toEqual([true, true]);
    expect(sandbox.requests()).toHaveLength(1);
    const metrics = await (await gateway.call('/metrics')).text();
    expect(metrics).toContain('recraft_gateway_possibly_charged_total 0');
  });
});
