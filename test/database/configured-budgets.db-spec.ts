import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { hash } from 'node:crypto';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { testDatabase } from '../support/database.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { withKey } from '../support/keys.js';

jest.setTimeout(60_000);

const KEY = 'sk-configured';
/** A picture of Recraft V3 costs four cents. */
const order = { model: 'recraft/recraftv3', prompt: 'a fox' };

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.start();
});

afterAll(() => sandbox.close());

const configured = (fields: object) => ({ API_KEYS: JSON.stringify([{ key: KEY, alias: 'shop', ...fields }]) });

const draw = (gateway: RunningGateway): Promise<Response> =>
  gateway.post('/v1/images/generations', order, withKey(KEY));

describe('A configured key with max_budget', () => {
  it('is held to it, and what it spent outlives restarts and other terms', async () => {
    await using home = await testDatabase();
    const start = (fields: object) => startGateway(sandbox, { ...home.environment, ...configured(fields) });
    {
      await using gateway = await start({ max_budget: 0.08 });
      const first = await draw(gateway);
      expect(first.status).toBe(200);
      expect(first.headers.get('x-litellm-key-spend')).toBe('0.04');
      expect(first.headers.get('x-litellm-key-max-budget')).toBe('0.08');
      expect((await draw(gateway)).status).toBe(200);
      await expectError(await draw(gateway), { status: 429, type: 'budget_exceeded', code: 'budget_exceeded' });
      expect(await (await gateway.call('/key/info', withKey(KEY))).json()).toMatchObject({
        info: { spend: 0.08, reserved: 0, max_budget: 0.08 },
      });
    }
    {
      await using gateway = await start({ max_budget: 0.08 });
      expect((await draw(gateway)).status).toBe(429);
    }
    await using gateway = await start({ max_budget: 0.12 });
    expect((await draw(gateway)).status).toBe(200);
    expect((await draw(gateway)).status).toBe(429);
    expect(await (await gateway.call('/spend/keys')).json()).toMatchObject([
      { api_key: hash('sha256', KEY), key_alias: 'shop', spend: 0.12, requests: 3 },
    ]);
  });

  it('does not start a gateway that has no database', async () => {
    await expect(startGateway(sandbox, { ...configured({ max_budget: 1 }), DATABASE_URL: 'none' })).rejects.toThrow(
      'API_KEYS[0] has a budget, which needs a database (DATABASE_URL is none)',
    );
  });
});
