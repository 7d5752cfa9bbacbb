import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import OpenAI, { RateLimitError } from 'openai';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { statusesUnder } from '../support/load.js';
import { withKey } from '../support/keys.js';
import { aPicture } from '../support/pictures.js';

jest.setTimeout(30_000);

const KEYS = [
  { key: 'sk-two-a-minute', rpm_limit: 2 },
  { key: 'sk-ten-pictures', ipm_limit: 10 },
  { key: 'sk-one-at-a-time', max_parallel_requests: 1 },
  { key: 'sk-failing', rpm_limit: 1 },
  { key: 'sk-failing-pictures', ipm_limit: 2 },
  { key: 'sk-client', rpm_limit: 1 },
  { key: 'sk-crowded', rpm_limit: 37 },
  { key: 'sk-crowded-pictures', ipm_limit: 50 },
  { key: 'sk-free' },
];
const GENERATIONS = '/v1/images/generations';
const REFUSED = { status: 429, type: 'throttling_error', code: 'rate_limit_exceeded' };

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 10_000, imagesPerMinute: 100_000 });
  gateway = await startGateway(sandbox, { API_KEYS: JSON.stringify(KEYS) });
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

const draw = (key: string, fields: object = {}) =>
  gateway.post(GENERATIONS, { prompt: 'a fox', ...fields }, withKey(key));

const limitHeaders = ({ headers }: Response, what: 'requests' | 'images') =>
  ['limit', 'remaining', 'reset'].map((figure) => headers.get(`x-ratelimit-${figure}-${what}`));

describe('Requests a minute', () => {
  it('are told in every answer, and refused with the time to wait', async () => {
    const first = await draw('sk-two-a-minute');
    expect([first.status, ...limitHeaders(first, 'requests')]).toEqual([200, '2', '1', '60s']);
    expect((await draw('sk-two-a-minute')).status).toBe(200);
    const refused = await draw('sk-two-a-minute');

    expect(limitHeaders(refused, 'requests').slice(0, 2)).toEqual(['2', '0']);
    expect(limitHeaders(refused, 'images')).toEqual([null, null, null]);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(59);
    const message = await expectError(refused, REFUSED);
    expect(message).toBe(`This key may make 2 requests a minute. Try again in ${seconds} seconds.`);
  });

  it('do not count what is wrong, or not allowed, but what fails at Recraft', async () => {
    for (const fields of [{ prompt: '' }, { n: 99 }, { model: 'gpt-17' }, { size: 'large' }]) {
      expect((await draw('sk-failing', fields)).status).toBeGreaterThanOrEqual(400);
    }
    expect((await draw('sk-failing')).status).toBe(200);
    expect((await draw('sk-failing')).status).toBe(429);
  });

  it('are a RateLimitError to the official client', async () => {
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'sk-client', maxRetries: 0 });
    await client.images.generate({ prompt: 'a fox' });
    await expect(client.images.generate({ prompt: 'a fox' })).rejects.toThrow(RateLimitError);
  });
});

describe('Pictures a minute', () => {
  it('do not count what Recraft refused and charged nothing for, but what it may have charged', async () => {
    const key = 'sk-failing-pictures';
    sandbox.fault(
      ...Array.from({ length: 3 }, () => ({ status: 400, body: { code: 'invalid_request', message: 'no' } })),
    );
    for (let n = 0; n < 3; n++) expect((await draw(key, { n: 2 })).status).toBe(400);
    expect((await draw(key)).status).toBe(200);
    sandbox.fault({ status: 500, body: 'broken' });
    expect((await draw(key)).status).toBe(502);

    await expectError(await draw(key), REFUSED);
  });

  it('count each picture; more at once than a minute has can never be had', async () => {
    const first = await draw('sk-ten-pictures', { n: 6 });
    expect([first.status, ...limitHeaders(first, 'images')]).toEqual([200, '10', '4', '60s']);
    await expectError(await draw('sk-ten-pictures', { n: 5 }), REFUSED);
    expect((await draw('sk-ten-pictures', { n: 4 })).status).toBe(200);
  });

  it('refuse a request for more than a minute has for good', async () => {
    await using small = await startGateway(sandbox, { API_KEYS: '[{"key":"sk-small","ipm_limit":2}]' });
    const response = await small.post(GENERATIONS, { prompt: 'a fox', n: 3 }, withKey('sk-small'));
    await expectError(response, { status: 400, code: 'integer_above_max_value', param: 'n' });
  });
});

describe('Requests at a time', () => {
  it('are refused while one is running, and let in when it is over', async () => {
    await using slow = await Sandbox.start({ latencyMs: 500 });
    await using busy = await startGateway(slow, { API_KEYS: JSON.stringify(KEYS) });
    const ask = () => busy.post(GENERATIONS, { prompt: 'a fox' }, withKey('sk-one-at-a-time'));
    const [one, two] = await Promise.all([ask(), ask()]);
    const refused = one.status === 429 ? one : two;

    expect([one.status, two.status].sort()).toEqual([200, 429]);
    expect(refused.headers.get('retry-after')).toBe('1');
    const message = await expectError(refused, REFUSED);
    expect(message).toBe('This key may have 1 request running at a time. Try again in 1 second.');
    expect((await ask()).status).toBe(200);
  });
});

describe('An edit that needs a second operation', () => {
  const LIMITS = { rpm_limit: 1, ipm_limit: 2, max_parallel_requests: 1 };

  it('is let in once, and its second operation is refused by no limit', async () => {
    const keys = JSON.stringify([
      { key: 'sk-tight', ...LIMITS },
      { key: 'sk-single', max_parallel_requests: 1 },
    ]);
    await using twice = await startGateway(sandbox, { API_KEYS: keys, ALLOW_SECOND_CHARGE: 'true' });
    const image = `data:image/png;base64,${(await aPicture()).toString('base64')}`;
    const body = { image, prompt: 'a cake', background: 'transparent', n: 2 };
    const response = await twice.post('/v1/images/edits', body, withKey('sk-tight'));
    expect([response.status, response.headers.get('x-ratelimit-remaining-images')]).toEqual([200, '0']);
    await expectError(await twice.post(GENERATIONS, { prompt: 'a fox' }, withKey('sk-tight')), REFUSED);

    // It has its place among the parallel ones until all of it is done, and not longer.
    sandbox.fault({ path: '/v1/images/removeBackground', held: true });
    const answering = twice.post('/v1/images/edits', body, withKey('sk-single'));
    await sandbox.nextRequest(({ path, answeredAt }) => path.endsWith('removeBackground') && answeredAt === null);
    await expectError(await twice.post(GENERATIONS, { prompt: 'a fox' }, withKey('sk-single')), REFUSED);
    sandbox.release();
    expect((await answering).status).toBe(200);
    expect((await twice.post(GENERATIONS, { prompt: 'a fox' }, withKey('sk-single'))).status).toBe(200);
  });
});

describe('Under 500 connections', () => {
  it.each([
    ['requests', 'sk-crowded', 1, 37],
    ['pictures', 'sk-crowded-pictures', 5, 10],
  ])('exactly as many %s are let in as the limit says', async (_, key, n, allowed) => {
    const before = sandbox.requests().length;
    const statuses = await statusesUnder(500, 1_000, [gateway.url], key, { prompt: 'a fox', n });

    expect(statuses).toEqual({ 200: allowed, 429: 1_000 - allowed });
    expect(sandbox.requests().length - before).toBe(allowed);
  });
});

describe('A key without limits', () => {
  it('has no headers about them', async () => {
    const response = await draw('sk-free');
    expect(response.status).toBe(200);
    expect([...response.headers.keys()].filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
  });
});
