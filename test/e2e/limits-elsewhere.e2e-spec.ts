import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { CHEAP_FIRST, drawnAt, startDeployments } from '../support/deployments.js';
import type { RunningGateway } from '../support/gateway.js';
import { withKey } from '../support/keys.js';

jest.setTimeout(30_000);

const KEYS = ['pair', 'cheap'].flatMap((model) => [
  { key: `sk-one-request-${model}`, rpm_limit: 1 },
  { key: `sk-one-picture-${model}`, ipm_limit: 1 },
  { key: `sk-one-at-a-time-${model}`, max_parallel_requests: 1 },
  { key: `sk-ten-requests-${model}`, rpm_limit: 10 },
]);

const stack = new AsyncDisposableStack();
let sandboxes: [Sandbox, ...Sandbox[]];
let gateway: RunningGateway;

beforeAll(async () => {
  const { entries, settings, environment } = CHEAP_FIRST;
  const own = { ...environment, API_KEYS: JSON.stringify(KEYS) };
  ({ sandboxes, gateway } = await startDeployments(stack, entries, settings, own));
});

afterEach(() => {
  for (const sandbox of sandboxes) sandbox.reset();
});

afterAll(() => stack.disposeAsync());

const draw = (key: string, model: string): Promise<Response> =>
  gateway.post('/v1/images/generations', { prompt: 'a fox', model }, withKey(`${key}-${model}`));

const cannotDraw = (sandbox: Sandbox | undefined): void => sandbox?.fault({ status: 503, times: 3 });

describe.each([
  ['another deployment of its group', 'pair'],
  ['another group', 'cheap'],
])('A request that is tried again at %s', (_where, model) => {
  it.each(['sk-one-request', 'sk-one-picture'])('is one request and its pictures: %s', async (key) => {
    cannotDraw(sandboxes[0]);
    expect((await draw(key, model)).status).toBe(200);
    expect(drawnAt(sandboxes[1])).toBe(1);
    expect((await draw(key, model)).status).toBe(429);
  });

  it('takes one of the requests that are left', async () => {
    cannotDraw(sandboxes[0]);
    const answer = await draw('sk-ten-requests', model);
    expect([answer.status, answer.headers.get('x-ratelimit-remaining-requests')]).toEqual([200, '9']);
  });

  it('keeps its place until it is over, and gives it back once', async () => {
    cannotDraw(sandboxes[0]);
    sandboxes[1]?.fault({ held: true });
    const arrived = sandboxes[1]?.nextRequest();
    const asked = draw('sk-one-at-a-time', model);
    await arrived;
    expect((await draw('sk-one-at-a-time', model)).status).toBe(429);
    sandboxes[1]?.release();
    expect((await asked).status).toBe(200);

    for (const sandbox of sandboxes) cannotDraw(sandbox);
    expect((await draw('sk-one-at-a-time', model)).status).toBe(503);
    for (const sandbox of sandboxes) sandbox.reset();
    const both = await Promise.all([draw('sk-one-at-a-time', model), draw('sk-one-at-a-time', model)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([200, 429]);
  });
});
