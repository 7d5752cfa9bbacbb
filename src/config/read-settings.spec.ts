import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readSettings } from './read-settings.js';
import { SettingsError } from './settings-error.js';

const keys = { MASTER_KEY: 'sk-1234', RECRAFT_API_KEY: 'recraft-key' };

/** The config of LiteLLM's page on Recraft, as it is printed there and with its columns. */
const printed = (mode: string) => `model_list:
-model_name: recraft-v3
litellm_params:
model: recraft/recraftv3
api_key: os.environ/RECRAFT_API_KEY
model_info:
mode: ${mode}

general_settings:
master_key: sk-1234
`;
const whole = (mode: string) => `model_list:
  - model_name: recraft-v3
    litellm_params:
      model: recraft/recraftv3
      api_key: os.environ/RECRAFT_API_KEY
    model_info:
      mode: ${mode}

general_settings:
  master_key: sk-1234
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'read-settings-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function configFile(yaml: string): string {
  const path = join(folder, 'config.yaml');
  writeFileSync(path, yaml);
  return path;
}

const settingsOf = (yaml: string, environment: NodeJS.ProcessEnv = keys) =>
  readSettings(environment, { configFile: configFile(yaml) });

function problemsOf(environment: NodeJS.ProcessEnv, yaml?: string): readonly string[] {
  try {
    readSettings(environment, yaml === undefined ? {} : { configFile: configFile(yaml) });
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('readSettings', () => {
  it('needs two keys and chooses the rest', () => {
    expect(readSettings(keys)).toMatchObject({
      server: { host: '0.0.0.0', port: 4000, shutdownGraceMs: 5_000, shutdownTimeoutMs: 290_000 },
      logLevel: 'info',
      masterKey: 'sk-1234',
      limits: { imageBytes: 20_971_520, jsonBytes: 31_457_280, fieldBytes: 1_048_576, uploadMemoryBytes: 33_554_432 },
      upstream: { connectTimeoutMs: 10_000, firstByteTimeoutMs: 900_000, connections: 256 },
      heartbeatMs: 10_000,
      models: {
        defaultModel: 'recraft/recraftv4_1',
        defaultResponseFormat: 'url',
        dropParams: true,
        configured: [],
        builtIn: {
          apiKey: 'recraft-key',
          apiBase: 'https://external.api.recraft.ai',
          timeoutMs: 280_000,
          streamTimeoutMs: 900_000,
        },
        longestStreamMs: 900_000,
      },
      warnings: [],
    });
  });

  it.each(['http://127.0.0.1:4001', 'http://127.0.0.1:4001/', 'http://127.0.0.1:4001/v1', 'http://127.0.0.1:4001/v1/'])(
    'takes %s for the same address of Recraft',
    (address) => {
      expect(readSettings({ ...keys, RECRAFT_API_BASE: address }).models.builtIn?.apiBase).toBe(
        'http://127.0.0.1:4001',
      );
    },
  );

  it('keeps the path of a proxy in front of Recraft', () => {
    const RECRAFT_API_BASE = 'https://proxy.example/recraft/v1/';
    expect(readSettings({ ...keys, RECRAFT_API_BASE }).models.builtIn?.apiBase).toBe('https://proxy.example/recraft');
  });

  it('lists every problem at once, one a line, of the environment and of the file', () => {
    const yaml =
      'litellm_settings: { drop_params: 3 }\nmodel_list: [{ model_name: a, litellm_params: { model: x/y } }]';
    const problems = problemsOf({ PORT: 'abc', MAX_IMAGE_BYTES: '5', MAX_UPLOAD_BYTES_IN_FLIGHT: '4' }, yaml);
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual([
      'model_list[0].litellm_params.model',
      'litellm_settings.drop_params',
      'PORT',
      'MASTER_KEY',
      'MAX_UPLOAD_BYTES_IN_FLIGHT',
    ]);
    expect(new SettingsError(problems).message.split('\n')).toEqual(problems);
  });

  it('reads the file that CONFIG_FILE names, and the given one before it', () => {
    const environment = { ...keys, CONFIG_FILE: configFile(whole('image_edit')) };
    expect(readSettings(environment).models.configured).toHaveLength(1);
    expect(problemsOf({ ...keys, CONFIG_FILE: 'no/such.yaml' })).toEqual([expect.stringContaining('no/such.yaml')]);
    expect(() => readSettings(environment, { configFile: 'no/such.yaml' })).toThrow('no/such.yaml');
  });

  it('does not ask for keys that an unreadable file may hold', () => {
    expect(problemsOf({}, 'model_list: [')).toEqual([expect.stringMatching(/^config file, line/)]);
  });
});

describe("the page's config", () => {
  it.each(['image_generation', 'image_edit'])('works for %s with and without its indentation', (mode) => {
    const environment = { RECRAFT_API_KEY: 'recraft-key' };
    const [lost, kept] = [settingsOf(printed(mode), environment), settingsOf(whole(mode), environment)];
    expect(kept).toMatchObject({
      masterKey: 'sk-1234',
      models: { configured: [{ group: 'recraft-v3', model: 'recraftv3', apiKey: 'recraft-key', mode, defaults: {} }] },
      warnings: [],
    });
    expect(lost).toEqual({ ...kept, warnings: [expect.stringContaining('lost its indentation')] });
  });

  it('stops where its variable is unset, with its name', () => {
    expect(problemsOf({}, whole('image_edit'))).toEqual([
      'RECRAFT_API_KEY is not set: model_list[0].litellm_params.api_key takes its value from the environment',
    ]);
  });
});

describe('the master key', () => {
  const yaml = 'general_settings: { master_key: of-file }';

  it.each([
    ['MASTER_KEY', { MASTER_KEY: 'a', LITELLM_MASTER_KEY: 'b' }, 'a'],
    ['then LITELLM_MASTER_KEY', { LITELLM_MASTER_KEY: 'b' }, 'b'],
    ['then general_settings.master_key', { MASTER_KEY: '' }, 'of-file'],
  ])('is %s', (_, environment, expected) => {
    expect(settingsOf(yaml, { RECRAFT_API_KEY: 'k', ...environment }).masterKey).toBe(expected);
  });

  it('is required', () => {
    expect(problemsOf({ RECRAFT_API_KEY: 'k' })).toEqual([expect.stringMatching(/^MASTER_KEY is not set/)]);
  });
});

describe("Recraft's key", () => {
  const entry = 'model_list: [{ model_name: a, litellm_params: { model: recraftv3 } }]';
  const MASTER_KEY = 'sk-1234';

  it('is required where nothing has a key', () => {
    expect(problemsOf({ MASTER_KEY })).toEqual([expect.stringMatching(/^RECRAFT_API_KEY is not set/)]);
  });

  it('is required by an entry without its own', () => {
    expect(problemsOf({ MASTER_KEY }, entry)).toEqual([
      'RECRAFT_API_KEY is not set, and model_list[0].litellm_params has no api_key',
    ]);
  });

  it('serves entries without their own', () => {
    expect(settingsOf(entry).models.configured).toMatchObject([{ apiKey: 'recraft-key' }]);
  });

  it("may stand in the file's environment_variables", () => {
    const { builtIn } = settingsOf('environment_variables: { RECRAFT_API_KEY: of-file }', { MASTER_KEY }).models;
    expect(builtIn?.apiKey).toBe('of-file');
  });

  it('is not needed where every entry has its own; the first plain name is then the default model', () => {
    const { models } = settingsOf(
      `model_list:
  - { model_name: "recraft/*", litellm_params: { model: "recraft/*", api_key: k } }
  - { model_name: a, litellm_params: { model: recraftv3, api_key: k } }`,
      { MASTER_KEY },
    );
    expect(models).toMatchObject({ builtIn: undefined, defaultModel: 'a' });
  });
});

describe('deployments', () => {
  it('carry what an entry says; keys that are neither implemented nor control LiteLLM are request fields', () => {
    const { models, warnings } = settingsOf(`
model_list:
  - model_name: poster
    litellm_params:
      model: recraft/recraftv3
      api_key: own
      api_base: http://127.0.0.1:4001/v1/
      timeout: 2.5
      style: digital_illustration
      controls: { no_text: true }
      tpm: 5
      aws_secret_access_key: word
    model_info: { id: poster-1, mode: image_generation, output_cost_per_image: 0.0355 }`);
    expect(models.configured).toEqual([
      {
        id: 'poster-1',
        group: 'poster',
        model: 'recraftv3',
        apiKey: 'own',
        apiBase: 'http://127.0.0.1:4001',
        timeoutMs: 2_500,
        streamTimeoutMs: 2_500,
        mode: 'image_generation',
        defaults: { style: 'digital_illustration', controls: { no_text: true } },
        microDollarsPerImage: 35_500,
      },
    ]);
    expect(warnings).toEqual([
      'Not implemented here, and ignored: model_list[].litellm_params.tpm, model_list[].litellm_params.aws_secret_access_key.',
    ]);
  });

  it('accept a price in litellm_params', () => {
    const yaml = 'model_list: [{ model_name: a, litellm_params: { model: recraftv3, output_cost_per_image: 0.04 } }]';
    expect(settingsOf(yaml).models.configured).toMatchObject([{ microDollarsPerImage: 40_000, defaults: {} }]);
  });

  it('come from MODEL_LIST too, behind the file', () => {
    const MODEL_LIST = JSON.stringify([{ model_name: 'b', litellm_params: { model: 'recraftv2' } }]);
    const { configured } = settingsOf(whole('image_edit'), { ...keys, MODEL_LIST }).models;
    expect(configured.map(({ group }) => group)).toEqual(['recraft-v3', 'b']);
  });

  it('have ids that stay, differ by entry and do not depend on the key', () => {
    const yaml = (key: string) => `model_list:
  - { model_name: a, litellm_params: { model: recraftv3, api_key: ${key} } }
  - { model_name: a, litellm_params: { model: recraftv3, api_key: other } }
  - { model_name: a, litellm_params: { model: recraftv2, api_key: ${key} } }`;
    const ids = (key: string) => settingsOf(yaml(key)).models.configured.map(({ id }) => id);
    expect(ids('one')).toEqual(ids('two'));
    expect(new Set(ids('one')).size).toBe(3);
    expect(ids('one').join()).toMatch(/^[0-9a-f,]+$/);
  });

  it('cannot share an id, whichever list they are in', () => {
    const entry = { model_name: 'a', litellm_params: { model: 'recraftv3' }, model_info: { id: 'x' } };
    const MODEL_LIST = JSON.stringify([entry, entry]);
    expect(problemsOf({ ...keys, MODEL_LIST })).toEqual([
      'MODEL_LIST[1].model_info.id is already the id of MODEL_LIST[0]',
    ]);
  });

  it('need a * in the name for a * in the model', () => {
    const yaml = 'model_list: [{ model_name: a, litellm_params: { model: "recraft/*" } }]';
    expect(problemsOf(keys, yaml)).toEqual([
      'model_list[0].litellm_params.model has a * that model_list[0].model_name does not have',
    ]);
  });
});

describe('choices that the file and the environment share', () => {
  const yaml = `
litellm_settings: { drop_params: false, request_timeout: 60 }
general_settings: { image_generation_model: recraft/recraftv3 }`;

  it('are taken from the file', () => {
    const { models, warnings } = settingsOf(yaml);
    expect(models).toMatchObject({
      dropParams: false,
      defaultModel: 'recraft/recraftv3',
      builtIn: { timeoutMs: 60_000 },
    });
    expect(warnings).toEqual([expect.stringContaining('it overrides no request')]);
  });

  it('are taken from the environment first', () => {
    const environment = { ...keys, DROP_PARAMS: 'true', REQUEST_TIMEOUT_MS: '5000', DEFAULT_MODEL: 'recraftv2' };
    expect(settingsOf(yaml, environment).models).toMatchObject({
      dropParams: true,
      defaultModel: 'recraftv2',
      isDefaultChosen: true,
      builtIn: { timeoutMs: 5_000 },
    });
  });

  it("prefer the router's timeout to litellm's", () => {
    const { models } = settingsOf('router_settings: { timeout: 30 }\nlitellm_settings: { request_timeout: 60 }');
    expect(models.builtIn?.timeoutMs).toBe(30_000);
  });

  it('cut a timeout that no client waits for, and say so', () => {
    const { models, warnings } = settingsOf('litellm_settings: { request_timeout: 6000 }');
    expect(models.builtIn?.timeoutMs).toBe(289_000);
    expect(warnings).toEqual([expect.stringContaining('above 289 s')]);
  });
});

describe('defaults of requests', () => {
  it('are checked as a request is, and every problem is told by its path', () => {
    const params = {
      model: 'recraftv3',
      n: 99,
      size: 'big',
      response_format: 'pdf',
      style: 5,
      controls: { no_text: 1 },
    };
    const MODEL_LIST = JSON.stringify([{ model_name: 'a', litellm_params: params }]);
    const yaml = 'model_list: [{ model_name: b, litellm_params: { model: recraftv3, strength: 2, random_seed: 0.5 } }]';
    expect(problemsOf({ ...keys, MODEL_LIST }, yaml).map((problem) => problem.replace(/ must.*/, ''))).toEqual([
      'model_list[0].litellm_params.random_seed',
      'model_list[0].litellm_params.strength',
      ...['size', 'n', 'response_format', 'style', 'controls.no_text'].map(
        (name) => `MODEL_LIST[0].litellm_params.${name}`,
      ),
    ]);
    expect(problemsOf({ ...keys, MODEL_LIST })).toContain('MODEL_LIST[0].litellm_params.n must not be greater than 6');
  });

  it('may be of fields that nobody knows here', () => {
    const params = { model: 'recraftv3', n: 2, size: '16:9', style: 'Noir', strength: 0.5, of_tomorrow: [1] };
    expect(problemsOf({ ...keys, MODEL_LIST: JSON.stringify([{ model_name: 'a', litellm_params: params }]) })).toEqual(
      [],
    );
  });
});

describe('aliases', () => {
  it.each(['gpt-image-1', 'gpt-image-1-mini', 'gpt-image-1.5', 'gpt-image-2', 'chatgpt-image-latest'])(
    'let %s stand for the default model, answered as base64',
    (name) => {
      expect(readSettings({ ...keys, DEFAULT_MODEL: 'recraftv3' }).models.aliases.get(name)).toEqual({
        model: 'recraftv3',
        defaults: { response_format: 'b64_json' },
      });
    },
  );

  it.each(['dall-e-3', 'dall-e-2'])('let %s stand for the default model', (name) => {
    expect(readSettings(keys).models.aliases.get(name)).toEqual({ model: 'recraft/recraftv4_1', defaults: {} });
  });

  it('are replaced and added to by model_alias_map and model_group_alias', () => {
    const { aliases } = settingsOf(`
litellm_settings: { model_alias_map: { dall-e-3: recraftv3, dall-e-2: recraftv2 } }
router_settings: { model_group_alias: { dall-e-2: recraftv4, quiet: { model: recraftv3, hidden: true } } }`).models;
    expect(aliases.get('dall-e-3')).toEqual({ model: 'recraftv3', defaults: {} });
    expect(aliases.get('dall-e-2')).toEqual({ model: 'recraftv4', defaults: {} });
    expect(aliases.get('quiet')).toEqual({ model: 'recraftv3', defaults: {}, hidden: true });
  });

  it('cannot lead back to themselves', () => {
    expect(problemsOf(keys, 'router_settings: { model_group_alias: { a: b, b: a, c: a } }')).toEqual([
      'the model alias a leads back to itself: a → b → a',
      'the model alias b leads back to itself: b → a → b',
    ]);
  });

  it('may bear the name of an entry of the model list, which goes first', () => {
    const yaml = 'model_list: [{ model_name: dall-e-3, litellm_params: { model: recraftv3 } }]';
    expect(problemsOf({ ...keys, DEFAULT_MODEL: 'dall-e-3' }, yaml)).toEqual([]);
    expect(problemsOf({ ...keys, DEFAULT_MODEL: 'dall-e-3' })).toEqual([
      'the model alias dall-e-3 leads back to itself: dall-e-3 → dall-e-3',
    ]);
  });
});
