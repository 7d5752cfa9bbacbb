import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError } from '../support/expect-error.js';
import { startGateway } from '../support/gateway.js';
import { statusWith, withKey } from '../support/keys.js';
import { temporaryFolder } from '../support/temporary-folder.js';

jest.setTimeout(30_000);

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 1_000 });
});

afterAll(() => sandbox.close());

const GENERATIONS = '/v1/images/generations';
const RELOADED = 'The configured keys were read again';

describe('A configured key', () => {
  it('works without a database, by itself or by its digest, and shows in the log by its alias alone', async () => {
    const keys = [{ key: 'sk-in-clear', alias: 'shop' }, { key: `sha256:${hash('sha256', 'sk-by-digest')}` }];
    await using gateway = await startGateway(sandbox, { API_KEYS: JSON.stringify(keys), LOG_LEVEL: 'info' });

    expect(await statusWith(gateway, 'sk-in-clear')).toBe(200);
    expect(await statusWith(gateway, 'sk-by-digest')).toBe(200);
    expect(await statusWith(gateway, 'sk-in-clea')).toBe(401);
    expect(await gateway.logged('"key":"shop"')).toMatchObject({ route: '/v1/models' });
    expect(gateway.log.join('')).not.toContain('sk-in-clear');
  });

  it('may use its models and operations and no others, by the model that is really called', async () => {
    const key = {
      ...{ key: 'sk-limited', models: ['recraft/recraftv3', 'gpt-image-1'], operations: ['generate'] },
      aliases: { house: 'recraft/recraftv3', other: 'recraft/recraftv2' },
    };
    await using gateway = await startGateway(sandbox, { API_KEYS: JSON.stringify([key]) });
    const draw = (model: string | undefined, path = GENERATIONS) =>
      gateway.post(path, { prompt: 'a fox', model }, withKey('sk-limited'));
    const refused = { status: 403, type: 'key_model_access_denied', code: 'key_model_access_denied', param: 'model' };

    expect((await draw('recraft/recraftv3')).status).toBe(200);
    expect((await draw('recraftv3')).status).toBe(200);
    expect((await draw('house')).status).toBe(200);
    // gpt-image-1 stands for the default model, and so does no name at all.
    expect((await draw('gpt-image-1')).status).toBe(200);
    expect((await draw(undefined)).status).toBe(200);
    await expectError(await draw('recraft/recraftv2'), refused);
    await expectError(await draw('other'), refused);
    await expectError(
      await draw('recraft/recraftv3', '/openai/deployments/recraft%2Frecraftv2/images/generations'),
      refused,
    );
    await expectError(await draw('constructor'), { status: 404, code: 'model_not_found', param: 'model' });
    const enhance = await gateway.post('/v1/prompts/enhance', { prompt: 'a fox' }, withKey('sk-limited'));
    expect(enhance.status).toBe(403);
    expect(await enhance.json()).toMatchObject({ error: { code: 'key_operation_access_denied' } });
  });

  it('sees the models that it may use, its own names among them, and no others', async () => {
    const key = { key: 'sk-limited', models: ['recraft/recraftv3'], aliases: { house: 'recraft/recraftv3' } };
    await using gateway = await startGateway(sandbox, { API_KEYS: JSON.stringify([key]) });
    const get = (path: string) => gateway.call(path, withKey('sk-limited'));
    const { data } = (await (await get('/v1/models')).json()) as { data: { id: string }[] };

    expect(data.map(({ id }) => id)).toEqual(['recraft/recraftv3', 'recraftv3', 'house']);
    expect((await get('/v1/models/recraft/recraftv3')).status).toBe(200);
    expect(await (await get('/v1/models/house')).json()).toMatchObject({ id: 'house', name: 'Recraft V3' });
    await expectError(await get('/v1/models/recraft/recraftv2'), {
      status: 404,
      code: 'model_not_found',
      param: 'model',
    });
    const info = (await (await get('/v1/model/info')).json()) as { data: { model_name: string }[] };
    expect(info.data.map(({ model_name }) => model_name)).toEqual(['recraft/recraftv3']);
  });

  it('may call its routes in each of their spellings, and no others', async () => {
    const keys = [
      { key: 'sk-pictures', allowed_routes: ['/v1/images/*'] },
      { key: 'sk-scraper', allowed_routes: ['/metrics'] },
      { key: 'sk-group', allowed_routes: ['openai_routes'] },
    ];
    await using gateway = await startGateway(sandbox, { API_KEYS: JSON.stringify(keys) });
    const draw = (key: string, path = GENERATIONS) => gateway.post(path, { prompt: 'a fox' }, withKey(key));
    const refused = { status: 403, type: 'permission_error', code: 'key_route_access_denied' };

    for (const path of [GENERATIONS, '/images/generations', '/V1/Images/Generations/']) {
      expect({ path, status: (await draw('sk-pictures', path)).status }).toEqual({ path, status: 200 });
    }
    await expectError(await gateway.call('/v1/models', withKey('sk-pictures')), refused);
    expect((await gateway.call('/metrics', withKey('sk-scraper'))).status).toBe(200);
    await expectError(await draw('sk-scraper'), refused);
    expect((await draw('sk-group')).status).toBe(200);
    expect((await gateway.call('/models', withKey('sk-group'))).status).toBe(200);
    await expectError(await gateway.call('/metrics', withKey('sk-group')), refused);
  });

  it('can be asked about itself, whatever routes it may call', async () => {
    await using gateway = await startGateway(sandbox, {
      API_KEYS: '[{"key":"sk-one","alias":"one","rpm_limit":5,"allowed_routes":["/v1/images/*"]}]',
    });
    const answer = await gateway.call('/key/info', withKey('sk-one'));
    expect(await answer.json()).toMatchObject({
      key: hash('sha256', 'sk-one'),
      info: { key_alias: 'one', rpm_limit: 5, spend: 0, max_budget: null },
    });
  });
});

describe('Without a database', () => {
  it.each([
    ['/key/generate', {}],
    ['/key/update', { key: 'sk-1' }],
    ['/key/delete', { keys: ['sk-1'] }],
    ['/key/block', { key: 'sk-1' }],
    ['/key/regenerate', { key: 'sk-1' }],
    ['/team/new', {}],
    ['/team/update', { team_id: 'a' }],
    ['/team/delete', { team_ids: ['a'] }],
  ])('%s says that there is none', async (path, body) => {
    await using gateway = await startGateway(sandbox);
    const response = await gateway.post(path, body);
    expect(response.headers.get('x-should-retry')).toBe('false');
    await expectError(response, { status: 503, type: 'no_db_connection', code: 'no_database' });
  });
});

describe('A changed file', () => {
  it('of keys is read again, through the links that Kubernetes turns round; a broken one changes nothing', async () => {
    await using folder = await temporaryFolder();
    const write = async (version: string, text: string): Promise<void> => {
      await mkdir(join(folder.path, version));
      await writeFile(join(folder.path, version, 'keys.yaml'), text);
      await symlink(version, join(folder.path, 'next'));
      await rename(join(folder.path, 'next'), join(folder.path, '..data'));
    };
    await write('v1', 'sk-first: { alias: first }\n');
    await symlink('..data/keys.yaml', join(folder.path, 'keys.yaml'));
    await using gateway = await startGateway(sandbox, {
      API_KEYS_FILE: join(folder.path, 'keys.yaml'),
      LOG_LEVEL: 'info',
    });
    expect(await statusWith(gateway, 'sk-first')).toBe(200);

    await write('v2', 'sk-second: { alias: second }\n');
    await gateway.logged(RELOADED);
    expect(await statusWith(gateway, 'sk-first')).toBe(401);
    expect(await statusWith(gateway, 'sk-second')).toBe(200);

    await write('v3', 'sk-third: { alias: third, rpm_limit: many }\n');
    expect(await gateway.logged('the former ones stay')).toMatchObject({
      problems: ['API_KEYS_FILE[0].rpm_limit must be a whole number from 1 to 1000000, in digits'],
    });
    expect(await statusWith(gateway, 'sk-second')).toBe(200);
    expect(await statusWith(gateway, 'sk-third')).toBe(401);
    expect(gateway.log.join('')).not.toMatch(/sk-(first|second|third)/);

    await rm(join(folder.path, 'keys.yaml'));
    await gateway.logged('cannot be read (ENOENT)');
    expect(await statusWith(gateway, 'sk-second')).toBe(200);
  });

  const files = [
    ['API_KEYS_FILE', 'sk-first: { alias: first }\n', 'API_KEYS_FILE is empty; [] would say that there are no keys'],
    ['CONFIG_FILE', 'general_settings: { api_keys: [{ key: sk-first }] }\n', 'CONFIG_FILE is empty'],
  ] as const;
  const nothings = ['', '# The template had nothing to say.\n', '---\n', 'null\n'];
  const emptied = files.flatMap(([name, text, problem]) => nothings.map((nothing) => [name, nothing, text, problem]));
  it.each(emptied)(
    'that is empty, as while it is written, or says nothing ends no key: %s, %j',
    async (name, nothing, text, problem) => {
      await using folder = await temporaryFolder();
      const path = join(folder.path, 'keys.yaml');
      await writeFile(path, text);
      await using gateway = await startGateway(sandbox, { [name]: path, LOG_LEVEL: 'info' });

      await writeFile(path, nothing);
      expect(await gateway.logged('the former ones stay')).toMatchObject({ problems: [problem] });
      expect(await statusWith(gateway, 'sk-first')).toBe(200);

      await writeFile(path, name === 'API_KEYS_FILE' ? '[]\n' : 'general_settings: { api_keys: [] }\n');
      await gateway.logged(RELOADED);
      expect(await statusWith(gateway, 'sk-first')).toBe(401);
    },
  );

  it('of settings has its keys read again', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'config.yaml');
    const config = (key: string) => `general_settings:\n  api_keys:\n    - { key: ${key}, alias: one }\n`;
    await writeFile(path, config('sk-first'));
    await using gateway = await startGateway(sandbox, { CONFIG_FILE: path, LOG_LEVEL: 'info' });
    expect(await statusWith(gateway, 'sk-first')).toBe(200);
    await writeFile(path, config('sk-the-second'));
    await gateway.logged(RELOADED);
    expect(await statusWith(gateway, 'sk-first')).toBe(401);
    expect(await statusWith(gateway, 'sk-the-second')).toBe(200);
  });
});
