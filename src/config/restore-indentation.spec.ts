import { describe, expect, it } from '@jest/globals';
import { restoreIndentation } from './restore-indentation.js';

/** The config of LiteLLM's page on Recraft, as it is printed there and as it was meant. */
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

const meant = (mode: string) => `model_list:
  - model_name: recraft-v3
    litellm_params:
      model: recraft/recraftv3
      api_key: os.environ/RECRAFT_API_KEY
    model_info:
      mode: ${mode}

general_settings:
  master_key: sk-1234
`;

describe('restoreIndentation', () => {
  it.each(['image_generation', 'image_edit'])("restores the page's %s example", (mode) => {
    expect(restoreIndentation(printed(mode))).toEqual({ text: meant(mode), restored: true });
  });

  it.each(['image_generation', 'image_edit'])("leaves the page's %s example alone where it is whole", (mode) => {
    expect(restoreIndentation(meant(mode))).toEqual({ text: meant(mode), restored: false });
  });

  it('restores several entries, a dash with its space, Windows line ends and comments', () => {
    const lost = [
      'model_list:',
      '- model_name: a',
      'litellm_params:',
      'model: recraftv3',
      '# the second',
      '- model_name: b',
      'model_info:',
      'id: b1',
      'litellm_params:',
      'model: recraftv2',
      'litellm_settings:',
      'drop_params: true',
    ];
    expect(restoreIndentation(lost.join('\r\n')).text.split('\n')).toEqual([
      'model_list:',
      '  - model_name: a',
      '    litellm_params:',
      '      model: recraftv3',
      '      # the second',
      '  - model_name: b',
      '    model_info:',
      '      id: b1',
      '    litellm_params:',
      '      model: recraftv2',
      'litellm_settings:',
      '  drop_params: true',
    ]);
  });

  it('leaves a list at column 0 alone, which is good YAML', () => {
    const text = 'model_list:\n- model_name: a\n  litellm_params:\n    model: recraftv3\n';
    expect(restoreIndentation(text)).toEqual({ text, restored: false });
  });
});
