import { describe, expect, it } from '@jest/globals';
import { parseConfig, parseModelList, readConfigFile } from './config-file.js';

const entry = (params: string, info = '') => `
model_list:
  - model_name: pictures
    litellm_params:
      model: recraft/recraftv3
      ${params}
${info}`;

const problemsOf = (yaml: string, variables = {}) => parseConfig(yaml, variables).problems;

describe('parseConfig', () => {
  it('reads the sections it implements', () => {
    const file = parseConfig(
      `
model_list:
  - model_name: recraft-v3
    litellm_params: { model: recraft/recraftv3, api_key: k, timeout: 60, style: icon }
    model_info: { id: one, mode: image_edit, output_cost_per_image: 0.05 }
litellm_settings: { drop_params: false, request_timeout: 90.5, model_alias_map: { a: b } }
router_settings: { timeout: 30, model_group_alias: { c: { model: d, hidden: true } } }
general_settings: { master_key: sk-1234, image_generation_model: recraft-v3 }
`,
      {},
    );
    expect(file).toMatchObject({
      readable: true,
      problems: [],
      unimplemented: [],
      models: [
        {
          model_name: 'recraft-v3',
          litellm_params: { model: 'recraft/recraftv3', api_key: 'k', timeout: 60, style: 'icon' },
          model_info: { id: 'one', mode: 'image_edit', output_cost_per_image: 0.05 },
        },
      ],
      litellm: { drop_params: false, request_timeout: 90.5, model_alias_map: { a: 'b' } },
      router: { timeout: 30, model_group_alias: { c: { model: 'd', hidden: true } } },
      general: { master_key: 'sk-1234', image_generation_model: 'recraft-v3' },
    });
  });

  it.each([
    ['an empty file', ''],
    ['sections without content', 'model_list:\ngeneral_settings:\n'],
  ])('takes %s for a file that sets nothing', (_, yaml) => {
    expect(parseConfig(yaml, {})).toMatchObject({ problems: [], models: [], unimplemented: [] });
  });

  it('understands anchors and merge keys', () => {
    const { models, problems, unimplemented } = parseConfig(
      `
model_list:
  - model_name: a
    litellm_params: &account { model: recraftv3, api_key: k }
  - model_name: b
    litellm_params: { <<: *account, model: recraftv2 }
`,
      {},
    );
    expect({ problems, unimplemented }).toEqual({ problems: [], unimplemented: [] });
    expect(models[1]?.litellm_params).toMatchObject({ model: 'recraftv2', api_key: 'k' });
  });

  it.each([
    ['model_list: {}', 'model_list must be a list of entries with model_name and litellm_params'],
    ['model_list: [1]', 'model_list[0] must be a block of keys'],
    ['model_list: [{ model_name: a }]', 'model_list[0].litellm_params must be a block of keys'],
    [
      'model_list: [{ litellm_params: { model: recraftv3 } }]',
      'model_list[0].model_name must be a name with at most one *',
    ],
    [
      'model_list: [{ model_name: "*-*", litellm_params: { model: recraftv3 } }]',
      'model_list[0].model_name must be a name with at most one *',
    ],
    [
      'model_list: [{ model_name: a, litellm_params: {} }]',
      'model_list[0].litellm_params.model must be a Recraft model',
    ],
    [
      'model_list: [{ model_name: a, litellm_params: { model: openai/gpt-4 } }]',
      'model_list[0].litellm_params.model must be a Recraft model, such as recraft/recraftv3: no other provider',
    ],
    [
      'model_list: [{ model_name: a, litellm_params: { model: recraft/ } }]',
      'model_list[0].litellm_params.model must be a Recraft model',
    ],
    [entry('timeout: -1'), 'model_list[0].litellm_params.timeout must be a number of seconds above 0'],
    [entry('api_base: not-an-address'), 'model_list[0].litellm_params.api_base must be an http or https address'],
    [entry('api_key: 123'), 'model_list[0].litellm_params.api_key must be a key'],
    [
      entry('', '    model_info: { mode: chat }'),
      'model_list[0].model_info.mode must be one of image_generation, image_edit',
    ],
    [
      entry('', '    model_info: { output_cost_per_image: free }'),
      'model_list[0].model_info.output_cost_per_image must be a price',
    ],
    ['litellm_settings: { drop_params: "no" }', 'litellm_settings.drop_params must be true or false'],
    ['litellm_settings: []', 'litellm_settings must be a block of keys'],
    [
      'router_settings: { model_group_alias: { a: 1 } }',
      'router_settings.model_group_alias must be a block that maps names',
    ],
    ['general_settings: { master_key: 1234 }', 'general_settings.master_key must be a key'],
    ['environment_variables: [A]', 'environment_variables must map names to texts'],
    ['just text', 'config file must be a block of keys'],
  ])('refuses %j', (yaml, problem) => {
    expect(problemsOf(yaml)).toEqual([expect.stringContaining(problem)]);
  });

  it.each([
    ['an unclosed quote', 'general_settings:\n  master_key: "sk-secret\n', 'line'],
    ['a stray value', 'general_settings: { master_key: a } sk-secret\n', 'line 1'],
    ['a key given twice', 'model_list: []\nmodel_list: []\n', 'line 2'],
    ['a custom tag', 'general_settings:\n  master_key: !reveal sk-secret\n', 'line 2'],
  ])('names the line of %s and quotes nothing of it', (_, yaml, line) => {
    const file = parseConfig(yaml, {});
    expect(file.readable).toBe(false);
    expect(file.problems.join()).toContain(`config file, ${line}`);
    expect(file.problems.join()).not.toContain('sk-secret');
  });

  it('refuses anchors that expand without end', () => {
    const levels = Array.from(
      { length: 9 },
      (_, level) => `a${level + 1}: &a${level + 1} [${`*a${level},`.repeat(9)}]`,
    );
    expect(problemsOf(['a0: &a0 [x]', ...levels].join('\n'))).toEqual([expect.stringContaining('expand too far')]);
  });
});

describe('os.environ/NAME', () => {
  it('is resolved at any depth, into text, numbers and flags', () => {
    const file = parseConfig(
      `
model_list:
  - model_name: a
    litellm_params:
      model: os.environ/MODEL
      timeout: os.environ/SECONDS
      controls: { colors: [{ name: os.environ/COLOUR }] }
litellm_settings: { drop_params: os.environ/DROP }
`,
      { MODEL: 'recraft/recraftv3', SECONDS: '60', COLOUR: 'red', DROP: 'False' },
    );
    expect(file.problems).toEqual([]);
    expect(file.models[0]?.litellm_params).toMatchObject({
      model: 'recraft/recraftv3',
      timeout: 60,
      controls: { colors: [{ name: 'red' }] },
    });
    expect(file.litellm.drop_params).toBe(false);
  });

  it('stops the start where the variable is unset, naming it and where it is used', () => {
    expect(problemsOf(entry('api_key: os.environ/KEY_A\n      style: os.environ/toString'))).toEqual([
      'KEY_A is not set: model_list[0].litellm_params.api_key takes its value from the environment',
      'toString is not set: model_list[0].litellm_params.style takes its value from the environment',
    ]);
  });

  it('finds what environment_variables sets, unless the real environment does', () => {
    const yaml = `
environment_variables: { STYLE: icon, KEY: from-file, NUMBER: 7 }
${entry('api_key: os.environ/KEY\n      style: os.environ/STYLE')}`;
    const file = parseConfig(yaml, { KEY: 'from-environment' });
    expect(file.problems).toEqual([]);
    expect(file.models[0]?.litellm_params).toMatchObject({ api_key: 'from-environment', style: 'icon' });
    expect(file.variables).toEqual({ STYLE: 'icon', KEY: 'from-environment', NUMBER: '7' });
  });
});

describe('keys that are not implemented', () => {
  it('are named by their paths, each once', () => {
    const { unimplemented, problems } = parseConfig(
      `
include: [other.yaml]
model_list:
  - { model_name: a, access: x, litellm_params: { model: recraftv3, tpm: 5, order: 2 }, model_info: { base_model: b } }
  - { model_name: b, litellm_params: { model: recraftv3, tpm: 6, drop_params: true } }
litellm_settings: { callbacks: [], drop_params: true }
router_settings: { allowed_fails_policy: {} }
general_settings: { alerting: [] }
`,
      {},
    );
    expect(problems).toEqual([]);
    expect(unimplemented).toEqual([
      'include',
      'litellm_settings.callbacks',
      'router_settings.allowed_fails_policy',
      'general_settings.alerting',
      'model_list[].access',
      'model_list[].litellm_params.tpm',
      'model_list[].litellm_params.order',
      'model_list[].model_info.base_model',
      'model_list[].litellm_params.drop_params',
    ]);
  });
});

describe('parseModelList', () => {
  it('reads a JSON array of entries', () => {
    const problems: string[] = [];
    const json = '[{"model_name":"a","litellm_params":{"model":"recraftv3","api_key":"os.environ/K","tpm":1}}]';
    const { models, unimplemented } = parseModelList(json, { K: 'key' }, problems);
    expect(problems).toEqual([]);
    expect(models).toMatchObject([{ model_name: 'a', litellm_params: { model: 'recraftv3', api_key: 'key' } }]);
    expect(unimplemented).toEqual(['MODEL_LIST[].litellm_params.tpm']);
  });

  it.each([
    ['[{"api_key":"sk-secret"', 'MODEL_LIST must be a JSON array'],
    ['{}', 'MODEL_LIST must be a list'],
    ['[{"model_name":"a","litellm_params":{}}]', 'MODEL_LIST[0].litellm_params.model must be a Recraft model'],
  ])('refuses %s', (json, problem) => {
    const problems: string[] = [];
    parseModelList(json, {}, problems);
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems.join()).not.toContain('sk-secret');
  });
});

describe('readConfigFile', () => {
  it('names a file that cannot be read', () => {
    expect(readConfigFile('no/such.yaml', {})).toMatchObject({
      readable: false,
      problems: ['CONFIG_FILE names no/such.yaml, which cannot be read (ENOENT)'],
    });
  });
});
