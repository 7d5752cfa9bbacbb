import { afterEach, describe, expect, it } from '@jest/globals';
import { drawnAt, type Entry, pathsAt, startDeployments } from '../support/deployments.js';
import type { RunningGateway } from '../support/gateway.js';

const GENERATIONS = '/v1/images/generations';

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

const start = (entries: readonly Entry[], settings?: object, environment?: Readonly<Record<string, string>>) =>
  startDeployments(stack, entries, settings, environment);

const generate = (gateway: RunningGateway, model: string) => gateway.post(GENERATIONS, { prompt: 'a fox', model });

const PAIR = [
  { name: 'pair', at: 0 },
  { name: 'pair', at: 1 },
];

describe('A group of two accounts', () => {
  it('serves from the other one what one refuses, at once', async () => {
    const { sandboxes, gateway } = await start(PAIR);
    for (const sandbox of sandboxes) sandbox.fault({ status: 429, times: 1 });
    const began = performance.now();
    const responses = [await generate(gateway, 'pair')];
    sandboxes[0].reset();
    sandboxes[1]?.reset();
    expect(performance.now() - began).toBeLessThan(3_000);
    expect(responses.map(({ status }) => status)).toEqual([200]);
  });

  it.each([401, 402, 403])('takes the one out of service that answers %i, until its check passes', async (status) => {
    const { sandboxes, gateway } = await start(PAIR, {}, { COOLDOWN_MS: '50' });
    const [bad, good] = sandboxes;
    // The account's check fails, too, until the fault is gone.
    bad.fault({ status, times: 1_000_000 });
    for (let request = 0; request < 6; request++) expect((await generate(gateway, 'pair')).status).toBe(200);
    expect(drawnAt(bad)).toBe(1);
    expect(drawnAt(good)).toBe(6);
    expect(pathsAt(bad)).toContain('/v1/users/me');
    expect(await (await gateway.call('/metrics')).text()).toMatch(/account_outages_total\{fault="\w+"\} 1/);

    bad.reset();
    await bad.nextRequest(({ path }) => path === '/v1/users/me');
    while (drawnAt(bad) === 0) expect((await generate(gateway, 'pair')).status).toBe(200);
  });

  it('lets the one rest that fails too often', async () => {
    const { sandboxes, gateway } = await start(PAIR, { allowed_fails: 2 });
    const [bad, good] = sandboxes;
    bad.fault({ status: 500, times: 1_000 });
    const statuses: number[] = [];
    for (let request = 0; request < 12; request++) statuses.push((await generate(gateway, 'pair')).status);
    expect(statuses.filter((status) => status === 502)).toHaveLength(3);
    expect([drawnAt(bad), drawnAt(good)]).toEqual([3, 9]);
  });

  it('says so when both rest', async () => {
    const { sandboxes, gateway } = await start(PAIR, { allowed_fails: 0 });
    for (const sandbox of sandboxes) sandbox.fault({ status: 500, times: 1_000 });
    await generate(gateway, 'pair');
    await generate(gateway, 'pair');
    const response = await generate(gateway, 'pair');
    expect({ status: response.status, retryAfter: response.headers.get('retry-after') }).toEqual({
      status: 429,
      retryAfter: '59',
    });
    expect(await response.json()).toMatchObject({
      error: {
        code: 'no_deployment_available',
        message: expect.stringContaining('No deployments available') as unknown,
      },
    });
  });
});

describe('The only account of a group', () => {
  it('that is empty is not asked again until its check passes', async () => {
    const { sandboxes, gateway } = await start([{ name: 'one', at: 0 }]);
    const [sandbox] = sandboxes;
    sandbox.fault({ status: 402, times: 2 });
    for (let request = 0; request < 3; request++) {
      const response = await generate(gateway, 'one');
      expect(response.status).toBe(429);
      expect(await response.json()).toMatchObject({ error: { code: 'credit_balance_exhausted' } });
    }
    expect(drawnAt(sandbox)).toBe(1);
  });

  it('never rests for its failures', async () => {
    const { sandboxes, gateway } = await start([{ name: 'one', at: 0 }], { allowed_fails: 0 });
    sandboxes[0].fault({ status: 500, times: 3 });
    const statuses: number[] = [];
    for (let request = 0; request < 4; request++) statuses.push((await generate(gateway, 'one')).status);
    expect(statuses).toEqual([502, 502, 502, 200]);
  });
});

/** Sent to a group once. */
const ONCE = { NUM_RETRIES: '0' };

describe('Fallbacks', () => {
  const THREE = [
    { name: 'a', at: 0 },
    { name: 'b', at: 1, model: 'recraft/recraftv2' },
    { name: 'c', at: 2 },
  ];

  it('serve what their group could not, in their order, and are told', async () => {
    const { sandboxes, gateway } = await start(THREE, { fallbacks: [{ a: ['b', 'c'] }] }, ONCE);
    sandboxes[0].fault({ status: 503 });
    sandboxes[1]?.fault({ status: 503 });
    const response = await generate(gateway, 'a');
    expect(response.status).toBe(200);
    expect(response.headers.get('x-litellm-attempted-fallbacks')).toBe('2');
    expect(sandboxes.map(drawnAt)).toEqual([1, 1, 1]);
  });

  it('by default serve every group', async () => {
    const { sandboxes, gateway } = await start(THREE, { default_fallbacks: ['b'] }, ONCE);
    sandboxes[0].fault({ status: 429 });
    const response = await generate(gateway, 'a');
    expect([response.status, response.headers.get('x-litellm-response-cost')]).toEqual([200, '0.022']);
  });

  it('serve refused content only where they are named for that', async () => {
    const refused = { status: 400, body: { code: 'moderation', message: 'no' } };
    const settings = { fallbacks: [{ a: ['c'] }], content_policy_fallbacks: [{ a: ['b'] }] };
    const { sandboxes, gateway } = await start(THREE, settings, ONCE);
    sandboxes[0].fault(refused);
    expect((await generate(gateway, 'a')).status).toBe(200);
    expect(sandboxes.map(drawnAt)).toEqual([1, 1, 0]);
    sandboxes[1]?.fault(refused);
    expect((await generate(gateway, 'b')).status).toBe(400);
    expect(sandboxes.map(drawnAt)).toEqual([1, 2, 0]);
  });

  it('are not for what may have been charged, nor for a caller’s mistake', async () => {
    const { sandboxes, gateway } = await start(THREE, { default_fallbacks: ['b'] }, ONCE);
    for (const status of [500, 400]) {
      sandboxes[0].fault({ status });
      expect((await generate(gateway, 'a')).status).toBe(status === 500 ? 502 : 400);
    }
    expect(drawnAt(sandboxes[1])).toBe(0);
  });

  it('that all fail leave the first failure to tell', async () => {
    const { sandboxes, gateway } = await start(THREE, { fallbacks: [{ a: ['b'] }, { b: ['c', 'a'] }] }, ONCE);
    const [a, b, c] = sandboxes;
    a.fault({ status: 503 });
    b?.fault({ status: 429 });
    c?.fault({ status: 500 });
    expect((await generate(gateway, 'a')).status).toBe(503);
    expect(sandboxes.map(drawnAt)).toEqual([1, 1, 1]);
  });
});
