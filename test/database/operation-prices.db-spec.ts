import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { testDatabase } from '../support/database.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { generateKey, withKey } from '../support/keys.js';

jest.setTimeout(30_000);

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 100_000 });
});
afterAll(() => sandbox.close());
beforeEach(() => {
  sandbox.reset();
});

/** Operations without a published price (recraft-api.md §7), and requests for them. */
const UNPRICED: readonly (readonly [operation: string, path: string, body: object])[] = [
  ['explore', '/v1/images/explore', { prompt: 'a fox' }],
  [
    'exploreSimilar',
    '/v1/images/explore/similar',
    { source_image_id: '0f4e7a52-6c1d-4b83-9e2a-5d7c81b09f36', similarity: 3 },
  ],
  ['optimizeColors', '/v1/colors/optimize', { colors: [{ hex: '#ff0000' }], num_colors_limit: 1 }],
];

const budgeted = async (gateway: RunningGateway, max_budget: number): Promise<RequestInit> =>
  withKey((await generateKey(gateway, { max_budget })).key);

describe('An operation without a published price', () => {
  it('is refused to a key with a budget, and the operator is told how to give it one', async () => {
    await using database = await testDatabase();
    await using gateway = await startGateway(sandbox, database.environment);
    const key = await budgeted(gateway, 10);
    for (const [operation, path, body] of UNPRICED) {
      const response = await gateway.post(path, body, key);
      const message = await expectError(response, { status: 400, code: 'operation_not_priced' });
      expect(message).toContain(`no price for '${operation}'`);
      expect(message).toContain(`OPERATION_PRICES={"${operation}": 0.1}`);
    }
    expect(sandbox.requests()).toEqual([]);
    expect((await gateway.post('/v1/images/explore', { prompt: 'a fox' })).status).toBe(200);
  });

  it('is had at the price that the operator gives it, and charged as Recraft says', async () => {
    await using database = await testDatabase();
    const OPERATION_PRICES = '{"explore": 0.5, "exploreSimilar": 0.5, "optimizeColors": 0}';
    await using gateway = await startGateway(sandbox, { ...database.environment, OPERATION_PRICES });
    const key = await budgeted(gateway, 0.6);

    const set = await gateway.post('/v1/images/explore', { prompt: 'a fox' }, key);
    expect(set.status).toBe(200);
    const cost = Number(set.headers.get('x-litellm-response-cost'));
    expect(cost).toBeGreaterThan(0);
    expect((await gateway.post('/v1/colors/optimize', UNPRICED[2]?.[2] ?? {}, key)).status).toBe(200);
    const info = (await (await gateway.call('/key/info', key)).json()) as { info: { spend: number } };
    expect(info.info.spend).toBeCloseTo(cost, 6);

    // What is left does not cover the price again.
    const response = await gateway.post('/v1/images/explore', { prompt: 'a fox' }, key);
    await expectError(response, { status: 429, type: 'budget_exceeded', code: 'budget_exceeded' });
  });
});

describe('An answer that says that it cost what nothing costs', () => {
  const data = [{ url: 'https://example.com/fox' }];

  it.each([1e15, 1e300, -40])('is booked at the price, and the books stay readable: %d', async (credits) => {
    await using database = await testDatabase();
    await using gateway = await startGateway(sandbox, database.environment);
    const key = await budgeted(gateway, 10);
    sandbox.fault({ body: { created: 1, credits, data } }, { body: { credits, prompt: 'a better fox' } });

    const picture = await gateway.post('/v1/images/generations', { prompt: 'a fox', model: 'recraft/recraftv3' }, key);
    expect([picture.status, picture.headers.get('x-litellm-response-cost')]).toEqual([200, '0.04']);
    const text = await gateway.post('/v1/prompts/enhance', { prompt: 'a fox' }, key);
    expect(text.status).toBe(200);

    const sums = (await (await gateway.call('/spend/keys')).json()) as { spend: number; requests: number }[];
    expect(sums).toMatchObject([{ requests: 2 }]);
    const { info } = (await (await gateway.call('/key/info', key)).json()) as { info: { spend: number } };
    expect(info.spend).toBe(sums[0]?.spend);
    expect(info.spend).toBeGreaterThanOrEqual(0.04);
    expect(info.spend).toBeLessThan(0.06);
  });
});
