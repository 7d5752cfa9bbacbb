import { afterEach, describe, expect, it } from '@jest/globals';
import type { Fault } from '../../src/sandbox/sandbox.js';
import { drawnAt, startDeployments } from '../support/deployments.js';
import type { RunningGateway } from '../support/gateway.js';
import { withKey } from '../support/keys.js';

let stack = new AsyncDisposableStack();
afterEach(async () => {
  await stack.disposeAsync();
  stack = new AsyncDisposableStack();
});

const ONE = [{ name: 'one', at: 0 }];
const PAIR = [
  { name: 'pair', at: 0 },
  { name: 'pair', at: 1 },
];
/** Variables that would go before the file. */
const FROM_THE_FILE = { NUM_RETRIES: '', COOLDOWN_MS: '', DISABLE_COOLDOWNS: '' };

const generate = (gateway: RunningGateway, model: string, init: RequestInit = {}) =>
  gateway.post('/v1/images/generations', { prompt: 'a fox', model }, init);

describe('num_retries', () => {
  it.each([0, 1, 2])('is how often a request is sent again: %i', async (times) => {
    const { sandboxes, gateway } = await startDeployments(stack, ONE, { num_retries: times }, FROM_THE_FILE);
    sandboxes[0].fault({ status: 503, times: 10 });
    expect((await generate(gateway, 'one')).status).toBe(503);
    expect(drawnAt(sandboxes[0])).toBe(1 + times);
  });
});

describe('retry_policy', () => {
  /** Each class alone may be sent again once; everything else never. */
  const CLASSES: readonly (readonly [name: string, fault: Fault, status: number])[] = [
    ['RateLimitErrorRetries', { status: 429 }, 429],
    ['InternalServerErrorRetries', { status: 503 }, 503],
    ['TimeoutErrorRetries', { status: 504 }, 504],
    ['AuthenticationErrorRetries', { status: 401 }, 502],
  ];
  const policyOf = (once: string) => Object.fromEntries(CLASSES.map(([name]) => [name, name === once ? 1 : 0]));

  it.each(CLASSES.map(([name]) => name))('%s counts for its class alone, whatever num_retries says', async (name) => {
    const settings = { num_retries: 3, retry_policy: policyOf(name) };
    // A timeout may have been charged: it is sent again only where the operator says so.
    const environment = { ...FROM_THE_FILE, RETRY_CHARGED: 'true', DISABLE_COOLDOWNS: 'true' };
    const { sandboxes, gateway } = await startDeployments(stack, PAIR, settings, environment);
    for (const [kind, trouble, status] of CLASSES) {
      for (const sandbox of sandboxes) sandbox.reset();
      for (const sandbox of sandboxes) sandbox.fault({ ...trouble, path: '/v1/images/generations', times: 10 });
      expect((await generate(gateway, 'pair')).status).toBe(status);
      const asked = sandboxes.reduce((sum, sandbox) => sum + drawnAt(sandbox), 0);
      expect({ kind, asked }).toEqual({ kind, asked: kind === name ? 2 : 1 });
    }
  });

  it('leaves classes that it does not name to num_retries', async () => {
    const settings = { num_retries: 2, retry_policy: { RateLimitErrorRetries: 0 } };
    const { sandboxes, gateway } = await startDeployments(stack, ONE, settings, FROM_THE_FILE);
    sandboxes[0].fault({ status: 503, times: 2 });
    expect((await generate(gateway, 'one')).status).toBe(200);
    expect(drawnAt(sandboxes[0])).toBe(3);
  });
});

describe('cooldown_time', () => {
  it('is how long a deployment rests, in seconds', async () => {
    const settings = { allowed_fails: 0, cooldown_time: 1, num_retries: 0 };
    const { sandboxes, gateway } = await startDeployments(stack, PAIR, settings, FROM_THE_FILE);
    for (const sandbox of sandboxes) sandbox.fault({ status: 500 });
    expect((await generate(gateway, 'pair')).status).toBe(502);
    expect((await generate(gateway, 'pair')).status).toBe(502);
    const rested = performance.now();
    const refused = await generate(gateway, 'pair');
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1']);
    expect(sandboxes.map(drawnAt)).toEqual([1, 1]);
    while ((await generate(gateway, 'pair')).status === 429) expect(performance.now() - rested).toBeLessThan(5_000);
    expect(performance.now() - rested).toBeGreaterThan(700);
  });
});

describe('allowed_fails', () => {
  it.each([0, 1, 3])('lets a deployment fail so often in a minute before it rests: %i', async (allowed) => {
    const settings = { allowed_fails: allowed, cooldown_time: 60, num_retries: 0 };
    const { sandboxes, gateway } = await startDeployments(stack, PAIR, settings, FROM_THE_FILE);
    sandboxes[0].fault({ status: 500, times: 100 });
    for (let request = 0; request < 12; request++) await generate(gateway, 'pair');
    expect(drawnAt(sandboxes[0])).toBe(allowed + 1);
  });

  it('does not count what is no failure of the deployment', async () => {
    const settings = { allowed_fails: 0, cooldown_time: 60, num_retries: 0 };
    const { sandboxes, gateway } = await startDeployments(stack, PAIR, settings, FROM_THE_FILE);
    for (const sandbox of sandboxes) sandbox.fault({ status: 400, times: 100 });
    for (let request = 0; request < 6; request++) expect((await generate(gateway, 'pair')).status).toBe(400);
    expect(sandboxes.map(drawnAt)).toEqual([3, 3]);
  });
});

describe('Fallbacks', () => {
  it('never reach a model that the key may not use, and go on to the next that it may', async () => {
    const entries = ['a', 'b', 'c'].map((name, at) => ({ name, at }));
    const keys = [
      { key: 'sk-a-only', models: ['a'] },
      { key: 'sk-a-and-c', models: ['a', 'c'] },
    ];
    const settings = { fallbacks: [{ a: ['b', 'c'] }], num_retries: 0 };
    const environment = { ...FROM_THE_FILE, API_KEYS: JSON.stringify(keys) };
    const { sandboxes, gateway } = await startDeployments(stack, entries, settings, environment);
    sandboxes[0].fault({ status: 503, times: 2 });

    const refused = await generate(gateway, 'a', withKey('sk-a-only'));
    expect(refused.status).toBe(503);
    expect(await refused.text()).not.toContain('key_model_access_denied');
    expect(sandboxes.map(drawnAt)).toEqual([1, 0, 0]);

    expect((await generate(gateway, 'a', withKey('sk-a-and-c'))).status).toBe(200);
    expect(sandboxes.map(drawnAt)).toEqual([2, 0, 1]);
  });

  it('by default and for refused content ask for the permission too', async () => {
    const entries = ['a', 'b'].map((name, at) => ({ name, at }));
    const settings = { default_fallbacks: ['b'], content_policy_fallbacks: [{ a: ['b'] }], num_retries: 0 };
    const environment = { ...FROM_THE_FILE, API_KEYS: JSON.stringify([{ key: 'sk-a-only', models: ['a'] }]) };
    const { sandboxes, gateway } = await startDeployments(stack, entries, settings, environment);
    sandboxes[0].fault({ status: 503 }, { status: 400, body: { code: 'moderation', message: 'no' } });
    expect((await generate(gateway, 'a', withKey('sk-a-only'))).status).toBe(503);
    expect((await generate(gateway, 'a', withKey('sk-a-only'))).status).toBe(400);
    expect(sandboxes.map(drawnAt)).toEqual([2, 0]);
  });

  it('end after five groups, and ask none of them twice', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const entries = names.map((name, at) => ({ name, at }));
    // Each leads to the next one, and back to the first.
    const fallbacks = names.slice(0, -1).map((name, at) => ({ [name]: ['a', names[at + 1]] }));
    const settings = { fallbacks, num_retries: 0 };
    const { sandboxes, gateway } = await startDeployments(stack, entries, settings, FROM_THE_FILE);
    for (const sandbox of sandboxes) sandbox.fault({ status: 503, times: 10 });
    expect((await generate(gateway, 'a')).status).toBe(503);
    expect(sandboxes.map(drawnAt)).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
  });
});
