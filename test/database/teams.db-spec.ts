import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
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
  gateway = await startGateway(sandbox, database.environment);
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  await database[Symbol.asyncDispose]();
});

const post = async (path: string, body: unknown): Promise<Record<string, unknown>> => {
  const response = await gateway.post(path, body);
  const answer = (await response.json()) as Record<string, unknown>;
  expect({ status: response.status, answer }).toEqual({ status: 200, answer });
  return answer;
};

const draw = (key: string, fields: object = {}) =>
  gateway.post('/v1/images/generations', { prompt: 'a fox', ...fields }, withKey(key));

const gone = (param: string) => ({ status: 404, type: 'not_found_error', code: 'not_found', param });

describe('A team', () => {
  it('is made with everything it can have, listed, read with its keys, changed and deleted with them', async () => {
    const fields = {
      ...{ team_id: 'design', team_alias: 'Design', max_budget: 50, soft_budget: 40, budget_duration: '1mo' },
      ...{ rpm_limit: 60, ipm_limit: 100, max_parallel_requests: 5, models: ['recraft/*'], metadata: { floor: 3 } },
    };
    expect(await post('/team/new', fields)).toMatchObject({
      ...fields,
      blocked: false,
      spend: 0,
      created_by: 'master',
    });
    const { key, token } = await generateKey(gateway, { team_id: 'design' });
    const info = await (await gateway.call('/team/info?team_id=design')).json();
    expect(info).toMatchObject({ team_id: 'design', team_info: fields, keys: [{ token, team_id: 'design' }] });
    const list = (await (await gateway.call('/team/list')).json()) as { team_id: string }[];
    expect(list.map(({ team_id }) => team_id)).toEqual(['design']);

    const changed = await post('/team/update', { team_id: 'design', rpm_limit: 30, ipm_limit: null, team_alias: null });
    expect(changed).toMatchObject({
      team_id: 'design',
      data: { rpm_limit: 30, ipm_limit: null, team_alias: null, max_budget: 50, models: ['recraft/*'] },
    });

    expect(await statusWith(gateway, key)).toBe(200);
    expect(await post('/team/delete', { team_ids: ['design'] })).toEqual({
      deleted_teams: ['design'],
      deleted_keys: [token],
    });
    expect(await statusWith(gateway, key)).toBe(401);
    await expectError(await gateway.call('/team/info?team_id=design'), gone('team_id'));
  });

  it('blocks its keys as long as it is blocked', async () => {
    await post('/team/new', { team_id: 'blocked' });
    const { key } = await generateKey(gateway, { team_id: 'blocked' });
    expect(await statusWith(gateway, key)).toBe(200);
    await post('/team/update', { team_id: 'blocked', blocked: true });
    await expectError(await fetch(`${gateway.url}/v1/models`, withKey(key)), {
      status: 401,
      type: 'auth_error',
      code: 'key_blocked',
    });
    await post('/team/update', { team_id: 'blocked', blocked: false });
    expect(await statusWith(gateway, key)).toBe(200);
  });

  it('narrows the models of its keys', async () => {
    await post('/team/new', { team_id: 'narrow', models: ['recraft/recraftv3', 'recraft/recraftv2'] });
    const { key } = await generateKey(gateway, {
      team_id: 'narrow',
      models: ['recraft/recraftv3', 'recraft/recraftv4'],
    });
    const refused = { status: 403, type: 'key_model_access_denied', code: 'key_model_access_denied', param: 'model' };

    expect((await draw(key, { model: 'recraft/recraftv3' })).status).toBe(200);
    await expectError(await draw(key, { model: 'recraft/recraftv2' }), refused);
    await expectError(await draw(key, { model: 'recraft/recraftv4' }), refused);
  });

  it('shares its limits among its keys', async () => {
    await post('/team/new', { team_id: 'shared', rpm_limit: 3 });
    const one = await generateKey(gateway, { team_id: 'shared', rpm_limit: 2 });
    const two = await generateKey(gateway, { team_id: 'shared' });

    expect((await draw(one.key)).status).toBe(200);
    expect((await draw(one.key)).status).toBe(200);
    const refused = await draw(one.key);
    expect(refused.headers.get('x-ratelimit-limit-requests')).toBe('2');
    expect(await refused.json()).toMatchObject({ error: { message: expect.stringContaining('This key') as unknown } });
    const last = await draw(two.key);
    expect([last.status, last.headers.get('x-ratelimit-remaining-requests')]).toEqual([200, '0']);
    const message = await expectError(await draw(two.key), {
      status: 429,
      type: 'throttling_error',
      code: 'rate_limit_exceeded',
    });
    expect(message).toContain('The team of this key may make 3 requests a minute.');
  });

  it('is not counted against where a budget refuses', async () => {
    await post('/team/new', { team_id: 'patient', rpm_limit: 5, ipm_limit: 5 });
    const poor = await generateKey(gateway, { team_id: 'patient', max_budget: 0, rpm_limit: 2 });
    const rich = await generateKey(gateway, { team_id: 'patient' });

    for (let n = 0; n < 6; n++) {
      await expectError(await draw(poor.key), { status: 429, type: 'budget_exceeded', code: 'budget_exceeded' });
    }

    for (let n = 0; n < 5; n++) expect((await draw(rich.key)).status).toBe(200);
    await expectError(await draw(rich.key), {
      status: 429,
      type: 'throttling_error',
      code: 'rate_limit_exceeded',
    });
  });

  it.each([
    ['/team/new', { team_id: '' }, 'invalid_value', 'team_id'],
    ['/team/new', { max_budget: -1 }, 'integer_below_min_value', 'max_budget'],
    ['/team/new', { members: [] }, 'unsupported_parameter', 'members'],
    ['/team/update', {}, 'missing_required_parameter', 'team_id'],
    ['/team/delete', { team_ids: [] }, 'invalid_value', 'team_ids'],
    ['/team/delete', { team_ids: 'a' }, 'invalid_type', 'team_ids'],
  ])('is refused: %s %j', async (path, body, code, param) => {
    await expectError(await gateway.post(path, body), { status: 400, code, param });
  });

  it('has an id and an alias of its own, and has to be there', async () => {
    await post('/team/new', { team_id: 'one', team_alias: 'One' });
    const taken = { status: 400, type: 'bad_request_error', code: 'already_exists' };
    await expectError(await gateway.post('/team/new', { team_id: 'one' }), { ...taken, param: 'team_id' });
    await expectError(await gateway.post('/team/new', { team_alias: 'One' }), { ...taken, param: 'team_alias' });
    await expectError(await gateway.post('/team/update', { team_id: 'nobody' }), gone('team_id'));
    await expectError(await gateway.post('/team/delete', { team_ids: ['one', 'nobody'] }), gone('team_ids'));
    expect((await gateway.call('/team/info?team_id=one')).status).toBe(200);
    expect((await post('/team/new', {}))['team_id']).toMatch(/^[0-9a-f-]{36}$/);
  });
});
