import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { hash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AuditLog } from '../../src/audit/audit-log.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { testDatabase } from '../support/database.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { generateKey, withKey } from '../support/keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(60_000);

const KEY = 'sk-configured';
const DIGEST = hash('sha256', KEY);
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

const UNKNOWN = { status: 404, type: 'not_found_error', code: 'not_found' };

describe('A configured key that is a virtual key, too', () => {
  it('is not used: the virtual key keeps its budget, and can be blocked', async () => {
    await using home = await testDatabase();
    const chosen = 'sk-chosen-by-the-operator-1';
    const renewed = 'sk-chosen-by-the-operator-2';
    {
      await using gateway = await startGateway(sandbox, home.environment);
      await generateKey(gateway, { key: chosen, max_budget: 0.01 });
      await generateKey(gateway, { key: 'sk-of-former-days-0123456', max_budget: 0.01 });
      await gateway.post('/key/regenerate', { key: 'sk-of-former-days-0123456', new_key: renewed });
    }
    const keys = [chosen, 'sk-of-former-days-0123456', KEY].map((key) => ({ key, alias: key.slice(-6) }));
    await using gateway = await startGateway(sandbox, {
      ...home.environment,
      API_KEYS: JSON.stringify(keys),
      LOG_LEVEL: 'error',
    });
    const ask = async (key: string) => (await gateway.post('/v1/images/generations', order, withKey(key))).status;
    expect(gateway.log.filter((line) => line.includes('is not used'))).toHaveLength(2);
    expect([await ask(chosen), await ask(renewed), await ask(KEY)]).toEqual([429, 429, 200]);
    expect(await ask('sk-of-former-days-0123456')).toBe(401);
    await gateway.post('/key/block', { key: chosen });
    expect(await ask(chosen)).toBe(401);
  });

  it('is changed in the configuration alone, and its alias is its own', async () => {
    await using home = await testDatabase();
    await using gateway = await startGateway(sandbox, { ...home.environment, ...configured({}) });
    for (const path of ['/key/block', '/key/update', '/key/regenerate']) {
      const message = await expectError(await gateway.post(path, { key: KEY }), { ...UNKNOWN, param: 'key' });
      expect(message).toContain('stands in the configuration');
    }
    const deleted = await gateway.post('/key/delete', { keys: [KEY] });
    expect(await expectError(deleted, { ...UNKNOWN, param: 'keys' })).toContain('configuration');
    const twin = await gateway.post('/key/generate', { key_alias: 'shop' });
    await expectError(twin, { status: 400, type: 'bad_request_error', code: 'already_exists', param: 'key_alias' });
  });
});

describe('Configured keys that change', () => {
  it('are on record, once however many gateways read them, and from one run to the next', async () => {
    await using home = await testDatabase();
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'keys.yaml');
    const write = (text: string) => writeFile(path, text);
    const start = () => startGateway(sandbox, { ...home.environment, API_KEYS_FILE: path, LOG_LEVEL: 'info' });
    const record = async (gateway: RunningGateway) =>
      ((await (await gateway.call('/audit?actor=configuration')).json()) as { data: object[] }).data;
    const limited = {
      action: 'key.configure',
      subject: DIGEST,
      before: { key_alias: 'shop' },
      after: { rpm_limit: 5 },
    };
    await write(`${KEY}: { alias: shop, rpm_limit: 7 }\n`);
    {
      await using gateway = await start();
      expect(await record(gateway)).toMatchObject([{ before: null, after: { key_alias: 'shop', rpm_limit: 7 } }]);

      await write(`${KEY}: { alias: shop, rpm_limit: 5 }\n`);
      await gateway.logged('read again');
      const news = await record(gateway);
      expect(news).toHaveLength(2);
      expect(news[0]).toMatchObject(limited);
      expect(JSON.stringify(news)).not.toContain(KEY);
    }
    await using gateway = await start();
    expect(await record(gateway)).toHaveLength(2);

    await write('[]\n');
    await gateway.logged('read again');
    expect(await record(gateway)).toMatchObject([
      { action: 'key.remove', subject: DIGEST, before: { rpm_limit: 5 }, after: null },
      limited,
      {},
    ]);
    const states = [{ action: 'key.remove', subject: DIGEST }];
    await gateway.get(AuditLog).recordStates('configuration', states);
    expect(await record(gateway)).toHaveLength(3);
  });
});

describe('GET /key/list', () => {
  it('shows configured keys before the others, page by page and as far as the filter lets them through', async () => {
    await using home = await testDatabase();
    const keys = [
      { key: KEY, alias: 'shop', max_budget: 2 },
      { key: 'sk-second', alias: 'second' },
    ];
    await using gateway = await startGateway(sandbox, { ...home.environment, API_KEYS: JSON.stringify(keys) });
    const made = [];
    for (const key_alias of ['third', 'fourth']) made.push((await generateKey(gateway, { key_alias })).token);
    const all = [DIGEST, hash('sha256', 'sk-second'), ...made];
    const list = async (query: string) =>
      (await (await gateway.call(`/key/list?${query}`)).json()) as Record<string, unknown>;

    expect(await list('')).toEqual({ keys: all, total_count: 4, current_page: 1, total_pages: 1 });
    expect(await list('size=3')).toMatchObject({ keys: all.slice(0, 3), total_count: 4, total_pages: 2 });
    expect(await list('size=3&page=2')).toMatchObject({ keys: all.slice(3) });
    expect(await list('size=1&page=2')).toMatchObject({ keys: [all[1]] });
    expect(await list('size=1&page=3')).toMatchObject({ keys: [all[2]] });
    expect(await list('key_alias=shop&return_full_object=true')).toMatchObject({
      keys: [{ token: DIGEST, key_alias: 'shop', max_budget: 2, created_at: null }],
      total_count: 1,
    });
    expect(await list('blocked=false&expired=false')).toMatchObject({ total_count: 4 });
    for (const filter of ['team_id=none', 'user_id=ada', 'blocked=true', 'expired=true']) {
      expect(await list(filter)).toMatchObject({ keys: [], total_count: 0 });
    }
  });
});
