import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Database } from '../../src/database/database.js';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { generateKey, statusWith, withKey } from '../support/keys.js';

jest.setTimeout(30_000);

let database: TestDatabase;
let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  database = await testDatabase();
  sandbox = await Sandbox.start({ requestsPerSecond: 1_000 });
  gateway = await startGateway(sandbox, { ...database.environment, LOG_LEVEL: 'trace' });
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  await database[Symbol.asyncDispose]();
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
  const response = await gateway.post(path, body);
  const answer = (await response.json()) as Record<string, unknown>;
  expect({ status: response.status, answer }).toEqual({ status: 200, answer });
  return answer;
};

const info = async (key: string): Promise<Record<string, unknown>> => {
  const response = await gateway.call(`/key/info?key=${encodeURIComponent(key)}`);
  expect(response.status).toBe(200);
  return ((await response.json()) as { info: Record<string, unknown> }).info;
};

const NO_KEY = '0'.repeat(64);

describe('POST /key/generate', () => {
  it('makes a key that works, drawn by lot, and shows it once', async () => {
    const answer = await post('/key/generate', {});
    const key = String(answer['key']);

    expect(key).toMatch(/^sk-[\w-]{43}$/);
    expect(answer).toEqual({
      key,
      token: sha256(key),
      token_id: sha256(key),
      litellm_budget_table: null,
      key_name: `sk-...${key.slice(-4)}`,
      ...{ key_alias: null, team_id: null, user_id: null, expires: null },
      ...{ models: [], aliases: {}, allowed_routes: [], operations: [], tags: [], metadata: {}, blocked: false },
      ...{ rpm_limit: null, ipm_limit: null, max_parallel_requests: null, priority: 'interactive', weight: 1 },
      ...{ spend: 0, reserved: 0, max_budget: null, soft_budget: null, budget_duration: null, budget_reset_at: null },
      ...{ created_by: 'master', updated_by: 'master' },
      created_at: expect.stringMatching(/^20\d\d-.*Z$/) as unknown,
      updated_at: expect.stringMatching(/^20\d\d-.*Z$/) as unknown,
    });
    expect(await statusWith(gateway, key)).toBe(200);
    expect(JSON.stringify(await info(key))).not.toContain(key);
    expect(gateway.log.join('')).not.toContain(key);
  });

  it('keeps every field', async () => {
    const fields = {
      ...{ key_alias: 'all-of-it', user_id: 'ada', models: ['recraft/*'], aliases: { house: 'recraft/recraftv3' } },
      ...{ max_budget: 12.5, soft_budget: 10, budget_duration: '1mo', rpm_limit: 10, ipm_limit: 60 },
      ...{ max_parallel_requests: 3, metadata: { centre: { no: 4711, ünï: '☃' } }, tags: ['shop', 'été'] },
      ...{ allowed_routes: ['/v1/images/*', 'info_routes'], operations: ['generate', 'vectorize'] },
      ...{ priority: 'batch', weight: 7, blocked: true },
    };
    const made = await post('/key/generate', { ...fields, duration: '30d', key: 'sk-chosen-by-an-administrator' });

    expect(made).toMatchObject({ ...fields, key: 'sk-chosen-by-an-administrator', key_name: 'sk-...ator' });
    expect(await info('sk-chosen-by-an-administrator')).toMatchObject(fields);
    const days = (Date.parse(String(made['expires'])) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThan(30.1);
    expect(Date.parse(String(made['budget_reset_at']))).toBeGreaterThan(Date.now());
  });

  it.each([
    ['max_budget', -1, 'integer_below_min_value'],
    ['max_budget', 'much', 'invalid_type'],
    ['max_budget', 1e12, 'integer_above_max_value'],
    ['max_budget', 1e-7, 'invalid_value'],
    ['max_budget', 0.0000015, 'invalid_value'],
    ['soft_budget', -0.01, 'integer_below_min_value'],
    ['budget_duration', 'soon', 'invalid_value'],
    ['budget_duration', 30, 'invalid_type'],
    ['budget_duration', '1201mo', 'invalid_value'],
    ['duration', '30x', 'invalid_value'],
    ['duration', '0s', 'invalid_value'],
    ['duration', '999999mo', 'invalid_value'],
    ['rpm_limit', 0, 'integer_below_min_value'],
    ['rpm_limit', 1.5, 'invalid_type'],
    ['ipm_limit', '60', 'invalid_type'],
    ['max_parallel_requests', 1e9, 'integer_above_max_value'],
    ['models', 'recraft/*', 'invalid_type'],
    ['models', [1], 'invalid_value'],
    ['models', ['a*b*c'], 'invalid_value'],
    ['aliases', ['a'], 'invalid_type'],
    ['aliases', { a: 1 }, 'invalid_type'],
    ['allowed_routes', ['images'], 'invalid_value'],
    ['allowed_routes', ['management_routes'], 'invalid_value'],
    ['operations', ['draw'], 'invalid_value'],
    ['priority', 'urgent', 'invalid_value'],
    ['weight', 101, 'integer_above_max_value'],
    ['tags', [''], 'invalid_value'],
    ['tags', [{ $ne: null }], 'invalid_value'],
    ['blocked', 'yes', 'invalid_type'],
    ['metadata', [], 'invalid_value'],
    ['metadata', { a: '\0' }, 'invalid_value'],
    ['metadata', { a: '\ud800' }, 'invalid_value'],
    ['key_alias', '', 'invalid_value'],
    ['key_alias', 'a\nb', 'invalid_value'],
    ['key_alias', 'a\0', 'invalid_value'],
    ['key_alias', '\udc00', 'invalid_value'],
    ['key_alias', { toString: 'x' }, 'invalid_type'],
    ['user_id', 7, 'invalid_type'],
    ['key', 'sk-short', 'invalid_value'],
    ['key', 'without-the-beginning-it-needs', 'invalid_value'],
    ['key', 'sk-with a space in the middle of it', 'invalid_value'],
    ['key', 7, 'invalid_type'],
    ['tpm_limit', 5, 'unsupported_parameter'],
    ['constructor', {}, 'invalid_value'],
  ])('refuses %s: %j', async (param, value, code) => {
    const response = await gateway.post('/key/generate', { [param]: value });
    await expectError(response, { status: 400, code, param });
  });

  it.each([
    ['models', Array.from({ length: 1_001 }, () => 'm')],
    ['metadata', { a: 'x'.repeat(20_000) }],
    ['key_alias', 'x'.repeat(201)],
  ])('refuses %s where it is too large', async (param, value) => {
    const response = await gateway.post('/key/generate', { [param]: value });
    await expectError(response, { status: 400, code: 'invalid_value', param });
  });

  it('refuses __proto__, a body that is no object, no JSON, or too deep, without harm', async () => {
    await expectError(await gateway.post('/key/generate', '{"__proto__": {"isMaster": true}}'), {
      status: 400,
      code: 'invalid_value',
      param: '__proto__',
    });
    await expectError(await gateway.post('/key/generate', '[]'), { status: 400, code: 'invalid_json' });
    await expectError(await gateway.post('/key/generate', '{"models": '), { status: 400, code: 'invalid_json' });
    const deep = `{"metadata": ${'{"a":'.repeat(40)}1${'}'.repeat(41)}`;
    await expectError(await gateway.post('/key/generate', deep), {
      status: 400,
      code: 'invalid_value',
      param: 'metadata',
    });
    const form = await gateway.call('/key/generate', { method: 'POST', body: new URLSearchParams({ key_alias: 'a' }) });
    await expectError(form, { status: 415, code: 'unsupported_media_type' });
  });

  it('keeps what looks like SQL as it is', async () => {
    const alias = `x'); drop table keys; -- ☃ $1 %s "quoted"`;
    const { token } = await generateKey(gateway, { key_alias: alias, tags: [alias], metadata: { [alias]: alias } });

    expect(await info(token)).toMatchObject({ key_alias: alias, tags: [alias], metadata: { [alias]: alias } });
    const found = await gateway.call(`/key/list?key_alias=${encodeURIComponent(alias)}`);
    expect(await found.json()).toMatchObject({ keys: [token] });
  });

  it('refuses an alias, and a key, that is taken', async () => {
    const { key } = await generateKey(gateway, { key_alias: 'taken' });
    const taken = { status: 400, type: 'bad_request_error', code: 'already_exists' };

    await expectError(await gateway.post('/key/generate', { key_alias: 'taken' }), { ...taken, param: 'key_alias' });
    await expectError(await gateway.post('/key/generate', { key }), { ...taken, param: 'key' });
  });

  it('refuses a team that there is not', async () => {
    await expectError(await gateway.post('/key/generate', { team_id: 'nobody' }), {
      status: 404,
      type: 'not_found_error',
      code: 'not_found',
      param: 'team_id',
    });
  });
});

describe('GET /key/info', () => {
  it('tells a key about itself, with and without its name, and about no other', async () => {
    const { key, token } = await generateKey(gateway, { key_alias: 'curious', allowed_routes: ['/v1/images/*'] });
    const { key: other } = await generateKey(gateway);
    const asking = (query: string) => gateway.call(`/key/info${query}`, withKey(key));

    expect(await (await asking('')).json()).toMatchObject({ key: token, info: { key_alias: 'curious' } });
    expect((await asking(`?key=${key}`)).status).toBe(200);
    expect((await asking(`?key=${token}`)).status).toBe(200);
    await expectError(await asking(`?key=${other}`), {
      status: 403,
      type: 'permission_error',
      code: 'key_route_access_denied',
      param: 'key',
    });
  });

  it('wants the key that is meant from the master key, and answers 404 for none', async () => {
    await expectError(await gateway.call('/key/info'), {
      status: 400,
      code: 'missing_required_parameter',
      param: 'key',
    });
    await expectError(await gateway.call(`/key/info?key=${NO_KEY}`), {
      status: 404,
      type: 'not_found_error',
      code: 'not_found',
      param: 'key',
    });
    await expectError(await gateway.call('/key/info?key=a&key=b'), { status: 400, code: 'invalid_type', param: 'key' });
    await expectError(await gateway.call('/key/info?token=a'), {
      status: 400,
      code: 'unsupported_parameter',
      param: 'token',
    });
  });
});

describe('GET /key/list', () => {
  it('pages, filters and shows whole keys', async () => {
    const made = [];
    for (let at = 0; at < 5; at += 1) {
      made.push(
        (await generateKey(gateway, { user_id: 'lister', key_alias: `listed-${at}`, blocked: at === 4 })).token,
      );
    }
    const list = async (query: string) =>
      (await (await gateway.call(`/key/list?user_id=lister${query}`)).json()) as Record<string, unknown>;

    expect(await list('&size=2')).toEqual({ keys: made.slice(0, 2), total_count: 5, current_page: 1, total_pages: 3 });
    expect(await list('&size=2&page=3')).toMatchObject({ keys: made.slice(4), current_page: 3 });
    expect(await list('&size=2&page=4')).toMatchObject({ keys: [], total_count: 5 });
    expect(await list('&blocked=true')).toMatchObject({ keys: [made[4]] });
    expect(await list('&blocked=false')).toMatchObject({ total_count: 4 });
    expect(await list('&expired=true')).toMatchObject({ keys: [] });
    expect(await list('&expired=false')).toMatchObject({ total_count: 5 });
    expect(await list('&key_alias=listed-1')).toMatchObject({ keys: [made[1]] });
    expect(await list('&key_alias=listed-1&return_full_object=true')).toMatchObject({
      keys: [{ token: made[1], key_alias: 'listed-1', spend: 0 }],
    });
  });

  it.each([
    ['page=0', 'integer_below_min_value', 'page'],
    ['page=one', 'invalid_type', 'page'],
    ['size=101', 'integer_above_max_value', 'size'],
    ['blocked=perhaps', 'invalid_type', 'blocked'],
    ['sort_by=spend', 'unsupported_parameter', 'sort_by'],
    ["team_id='%3B--%00", 'invalid_value', 'team_id'],
  ])('refuses %s', async (query, code, param) => {
    await expectError(await gateway.call(`/key/list?${query}`), { status: 400, code, param });
  });
});

describe('POST /key/update', () => {
  it('changes what is named, takes away what is null, and leaves the rest', async () => {
    const { key, token } = await generateKey(gateway, {
      ...{ key_alias: 'changing', models: ['recraft/*'], rpm_limit: 5, max_budget: 3, budget_duration: '1d' },
      ...{ soft_budget: 2, duration: '1h', metadata: { a: 1 }, priority: 'batch' },
    });
    const answer = await post('/key/update', {
      ...{ key, rpm_limit: 7, max_budget: null, models: null, duration: null, metadata: null, weight: 3 },
    });

    const expected = {
      ...{ token, key_alias: 'changing', rpm_limit: 7, max_budget: null, soft_budget: 2, budget_duration: '1d' },
      ...{ models: [], expires: null, metadata: {}, weight: 3, priority: 'batch' },
    };
    expect(answer).toMatchObject({ key: token, ...expected });
    expect(await info(token)).toMatchObject(expected);
  });

  it('takes effect at the next request', async () => {
    const { key } = await generateKey(gateway);
    expect(await statusWith(gateway, key)).toBe(200);
    await post('/key/update', { key, blocked: true });
    expect(await statusWith(gateway, key)).toBe(401);
    await post('/key/update', { key, blocked: null });
    expect(await statusWith(gateway, key)).toBe(200);
    await post('/key/update', { key, allowed_routes: ['/v1/images/generations'] });
    expect(await statusWith(gateway, key)).toBe(403);
  });

  it('refuses an unknown key, a missing one, a taken alias and fields it does not have', async () => {
    await generateKey(gateway, { key_alias: 'first' });
    const { key } = await generateKey(gateway, { key_alias: 'second' });
    const gone = { status: 404, type: 'not_found_error', code: 'not_found', param: 'key' };

    await expectError(await gateway.post('/key/update', { key: NO_KEY }), gone);
    await expectError(await gateway.post('/key/update', { rpm_limit: 1 }), {
      status: 400,
      code: 'missing_required_parameter',
      param: 'key',
    });
    await expectError(await gateway.post('/key/update', { key, key_alias: 'first' }), {
      status: 400,
      type: 'bad_request_error',
      code: 'already_exists',
      param: 'key_alias',
    });
    await expectError(await gateway.post('/key/update', { key, tpm_limit: null }), {
      status: 400,
      code: 'unsupported_parameter',
      param: 'tpm_limit',
    });
    expect(await info(key)).toMatchObject({ key_alias: 'second' });
  });
});

describe('POST /key/block and /key/unblock', () => {
  it('refuse a key at once, by what it is, and let it in again', async () => {
    const { key, token } = await generateKey(gateway);
    expect(await statusWith(gateway, key)).toBe(200);

    expect(await post('/key/block', { key })).toMatchObject({ key: token, blocked: true });
    await expectError(await fetch(`${gateway.url}/v1/models`, withKey(key)), {
      status: 401,
      type: 'auth_error',
      code: 'key_blocked',
    });
    expect(await post('/key/unblock', { key: token })).toMatchObject({ blocked: false });
    expect(await statusWith(gateway, key)).toBe(200);
    for (const path of ['/key/block', '/key/unblock']) {
      const response = await gateway.post(path, { key: NO_KEY });
      await expectError(response, { status: 404, type: 'not_found_error', code: 'not_found', param: 'key' });
    }
  });
});

describe('POST /key/delete', () => {
  it('deletes by key, digest and alias; a deleted key is unknown', async () => {
    const one = await generateKey(gateway, { key_alias: 'doomed-1' });
    const two = await generateKey(gateway);
    const three = await generateKey(gateway, { key_alias: 'doomed-3' });
    expect(await statusWith(gateway, one.key)).toBe(200);

    const deleted = await post('/key/delete', { keys: [one.key, two.token] });
    expect(new Set(deleted['deleted_keys'] as string[])).toEqual(new Set([one.token, two.token]));
    expect(await post('/key/delete', { key_aliases: ['doomed-3'] })).toEqual({ deleted_keys: [three.token] });
    for (const { key } of [one, two, three]) {
      await expectError(await fetch(`${gateway.url}/v1/models`, withKey(key)), {
        status: 401,
        type: 'token_not_found_in_db',
        code: 'invalid_api_key',
      });
    }
    await generateKey(gateway, { key_alias: 'doomed-1' });
  });

  it('deletes nothing where one of them is unknown', async () => {
    const { key, token } = await generateKey(gateway);
    await expectError(await gateway.post('/key/delete', { keys: [token, NO_KEY] }), {
      status: 404,
      type: 'not_found_error',
      code: 'not_found',
      param: 'keys',
    });
    expect(await statusWith(gateway, key)).toBe(200);
    await expectError(await gateway.post('/key/delete', { key_aliases: ['nobody'] }), {
      status: 404,
      type: 'not_found_error',
      code: 'not_found',
      param: 'key_aliases',
    });
    for (const body of [{}, { keys: [token], key_aliases: ['a'] }]) {
      await expectError(await gateway.post('/key/delete', body), {
        status: 400,
        code: 'missing_required_parameter',
        param: 'keys',
      });
    }
  });
});

describe('POST /key/regenerate', () => {
  it('begins no new minute: old key and new key count together with what was before', async () => {
    const old = await generateKey(gateway, { rpm_limit: 3, ipm_limit: 3 });
    const draw = async (key: unknown) => {
      const body = { prompt: 'a fox', model: 'recraft/recraftv3' };
      return (await gateway.post('/v1/images/generations', body, withKey(String(key)))).status;
    };
    expect([await draw(old.key), await draw(old.key)]).toEqual([200, 200]);

    const between = await post('/key/regenerate', { key: old.key, grace_period: '1h' });
    expect(await draw(between['key'])).toBe(200);
    const renewed = await post('/key/regenerate', { key: between['key'], grace_period: '1h' });

    expect([await draw(old.key), await draw(between['key']), await draw(renewed['key'])]).toEqual([429, 429, 429]);
  });

  it('puts a new key in the place of the old one, which ends at once, and keeps the rest', async () => {
    const old = await generateKey(gateway, { key_alias: 'renewed', max_budget: 5, rpm_limit: 9 });
    expect(await statusWith(gateway, old.key)).toBe(200);
    const renewed = await post('/key/regenerate', { key: old.key });

    expect(renewed).toMatchObject({ key_alias: 'renewed', max_budget: 5, rpm_limit: 9 });
    expect(renewed['key']).not.toBe(old.key);
    expect(await statusWith(gateway, String(renewed['key']))).toBe(200);
    expect(await statusWith(gateway, old.key)).toBe(401);
  });

  it('is found by an alias that looks like a key, and shown under what it was called last', async () => {
    const order = { model: 'recraft/recraftv3', prompt: 'a fox' };
    const { key, token } = await generateKey(gateway, { key_alias: 'zz-at-first' });
    await (await gateway.post('/v1/images/generations', order, withKey(key))).arrayBuffer();
    await post('/key/update', { key, key_alias: 'sk-at-last' });
    await (await gateway.post('/v1/images/generations', order, withKey(key))).arrayBuffer();
    expect(await (await gateway.call('/spend/logs?api_key=sk-at-last')).json()).toMatchObject({ total: 1 });
    const sums = (await (await gateway.call('/spend/keys')).json()) as { api_key: string }[];
    expect(sums.find((sum) => sum.api_key === token)).toMatchObject({ key_alias: 'sk-at-last', requests: 2 });
  });

  it('lets the old key work on for a while, as the same key', async () => {
    const old = await generateKey(gateway, { key_alias: 'overlapping' });
    const path = `/key/${old.token}/regenerate`;
    const renewed = await post(path, { grace_period: '2s', new_key: 'sk-chosen-as-the-next-one-1', weight: 5 });

    expect(renewed).toMatchObject({ key: 'sk-chosen-as-the-next-one-1', weight: 5 });
    for (const key of [old.key, 'sk-chosen-as-the-next-one-1']) {
      for (const asked of ['', `?key=${key}`, `?key=${String(renewed['token'])}`]) {
        const own = await gateway.call(`/key/info${asked}`, withKey(key));
        expect(await own.json()).toMatchObject({ key: renewed['token'], info: { key_alias: 'overlapping' } });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await statusWith(gateway, old.key)).toBe(401);
    expect(await statusWith(gateway, 'sk-chosen-as-the-next-one-1')).toBe(200);
  });

  it('keeps the history of the key, and gives its former name to nobody else', async () => {
    const old = await generateKey(gateway, { max_budget: 1 });
    const order = { model: 'recraft/recraftv3', prompt: 'a fox' };
    expect((await gateway.post('/v1/images/generations', order, withKey(old.key))).status).toBe(200);
    const between = await post('/key/regenerate', { key: old.key });
    const renewed = await post('/key/regenerate', { key: between['token'] });
    const key = String(renewed['key']);
    expect((await gateway.post('/v1/images/generations', order, withKey(key))).status).toBe(200);

    const usage = await (await gateway.call('/v1/usage', withKey(key))).json();
    expect(usage).toMatchObject({ spend: 0.08, total: { spend: 0.08, requests: 2 }, models: [{ images: 2 }] });
    for (const name of [key, old.key, old.token, String(renewed['token'])]) {
      expect(await (await gateway.call(`/spend/logs?api_key=${name}`)).json()).toMatchObject({ total: 2 });
      expect(await (await gateway.call(`/audit?subject=${name}`)).json()).toMatchObject({
        data: [{ action: 'key.regenerate' }, { action: 'key.regenerate' }, { action: 'key.generate' }],
      });
    }
    await expectError(await gateway.post('/key/generate', { key: old.key }), {
      status: 400,
      type: 'bad_request_error',
      code: 'already_exists',
      param: 'key',
    });
  });

  it('blocks old and new key together, by either name', async () => {
    const old = await generateKey(gateway);
    const renewed = await post('/key/regenerate', { key: old.key, grace_period: '1h' });
    expect(await statusWith(gateway, old.key)).toBe(200);
    await post('/key/block', { key: old.key });
    expect(await statusWith(gateway, old.key)).toBe(401);
    expect(await statusWith(gateway, String(renewed['key']))).toBe(401);
  });

  it.each(['/key/block', '/key/delete'])('does not hide the key from %s at the same moment', async (path) => {
    for (let round = 0; round < 10; round++) {
      const { key } = await generateKey(gateway);
      const [renewed, ended] = await Promise.all([
        gateway.post('/key/regenerate', { key, grace_period: '1h' }),
        gateway.post(path, path === '/key/delete' ? { keys: [key] } : { key }),
      ]);
      expect(ended.status).toBe(200);
      expect(await statusWith(gateway, key)).toBe(401);
      const { key: next = key } = (await renewed.json()) as { key?: string };
      expect(await statusWith(gateway, next)).toBe(401);
    }
  });

  it('can be deleted by both of its names at once', async () => {
    const { key } = await generateKey(gateway);
    const { key: next } = await post('/key/regenerate', { key, grace_period: '1h' });
    await post('/key/delete', { keys: [key, next] });
    expect([await statusWith(gateway, key), await statusWith(gateway, String(next))]).toEqual([401, 401]);
  });

  it('refuses an unknown key, a taken one, and a grace that is no duration', async () => {
    const one = await generateKey(gateway);
    const two = await generateKey(gateway);
    await expectError(await gateway.post('/key/regenerate', { key: NO_KEY }), {
      status: 404,
      type: 'not_found_error',
      code: 'not_found',
      param: 'key',
    });
    await expectError(await gateway.post('/key/regenerate', { key: one.key, new_key: two.key }), {
      status: 400,
      type: 'bad_request_error',
      code: 'already_exists',
      param: 'new_key',
    });
    await expectError(await gateway.post('/key/regenerate', { key: one.key, grace_period: 'a while' }), {
      status: 400,
      code: 'invalid_value',
      param: 'grace_period',
    });
    expect(await statusWith(gateway, one.key)).toBe(200);
  });
});

describe('An administrative route', () => {
  it.each([
    ['POST', '/key/generate'],
    ['GET', '/key/list'],
    ['POST', '/key/update'],
    ['POST', '/key/delete'],
    ['POST', '/key/block'],
    ['POST', '/key/unblock'],
    ['POST', '/key/regenerate'],
    ['POST', '/key/abc/regenerate'],
    ['POST', '/team/new'],
    ['GET', '/team/info'],
    ['GET', '/team/list'],
    ['POST', '/team/update'],
    ['POST', '/team/delete'],
    ['GET', '/metrics'],
  ])('wants the master key: %s %s', async (method, path) => {
    const { key } = await generateKey(gateway, { allowed_routes: ['/*'] });
    const response = await fetch(gateway.url + path, { method, ...withKey(key) });
    await expectError(response, { status: 403, type: 'permission_error', code: 'key_route_access_denied' });
  });
});

describe('An answer about keys and teams', () => {
  it('has an id and what every answer has for browsers', async () => {
    const { key } = await generateKey(gateway);
    const answers = [
      await gateway.post('/key/generate', {}),
      await gateway.post('/key/update', { key, rpm_limit: 1 }),
      await gateway.post('/key/block', { key }),
      await gateway.post('/key/unblock', { key }),
      await gateway.post(`/key/${key}/regenerate`, {}),
      await gateway.post('/team/new', { team_id: 'headed' }),
      await gateway.post('/team/update', { team_id: 'headed', rpm_limit: 1 }),
      await gateway.post('/team/delete', { team_ids: ['headed'] }),
      await gateway.call('/key/list'),
    ];
    for (const { status, headers, url } of answers) {
      expect({ url, status, ...Object.fromEntries(headers) }).toMatchObject({
        status: 200,
        'x-request-id': expect.stringMatching(/^req_/) as unknown,
        'x-litellm-call-id': expect.stringMatching(/./) as unknown,
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      });
    }
  });
});

describe('The record of changes', () => {
  it('has every change with its author, before and after, and no key', async () => {
    const { key, token } = await generateKey(gateway, { key_alias: 'watched' });
    await post('/key/update', { key, rpm_limit: 3 });
    await post('/key/block', { key });
    const renewed = await post('/key/regenerate', { key });
    await post('/key/delete', { keys: [renewed['token']] });
    const rows = await gateway.get<Database>(Database).query<{ action: string; actor: string; text: string }>(
      `select action, actor, coalesce(before::text, '') || coalesce(after::text, '') as text from audit_log
       where subject = any($1::text[]) order by id`,
      [[token, renewed['token']]],
    );

    expect(rows.map(({ action }) => action)).toEqual([
      ...['key.generate', 'key.update', 'key.block', 'key.regenerate', 'key.delete'],
    ]);
    for (const { actor, text } of rows) {
      expect(actor).toBe('master');
      expect(text).toContain('watched');
      expect(text).not.toContain(key);
      expect(text).not.toContain(renewed['key']);
    }
  });
});
