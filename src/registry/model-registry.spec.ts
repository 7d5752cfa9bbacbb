import { describe, expect, it, jest } from '@jest/globals';
import type { Settings } from '../config/settings.js';
import type { Deployment } from './deployment.js';
import type { ModelCard } from './model-card.js';
import { ModelRegistry } from './model-registry.js';

type Models = Settings['models'];

const aCard = (id: string, over: Partial<ModelCard> = {}): ModelCard => ({
  id,
  displayName: id,
  released: 1_730_000_000,
  output: id.endsWith('_vector') ? 'vector' : 'raster',
  microDollarsPerImage: 40_000,
  promptMax: 1000,
  countMax: 6,
  sizes: new Map(),
  operations: ['generate'],
  styles: new Set(),
  customStyle: 'allowed',
  features: { negativePrompt: true, textLayout: true, artisticLevel: true, noText: true },
  ...over,
});

const cards = [aCard('recraftv3'), aCard('recraftv3_vector'), aCard('recraftv4')];

const aDeployment = (group: string, model: string, over: Partial<Deployment> = {}): Deployment => ({
  id: `${group} to ${model}`,
  group,
  model,
  apiKey: 'configured',
  apiBase: 'http://127.0.0.1:1',
  timeoutMs: 1,
  defaults: {},
  ...over,
});

const builtIn = { apiKey: 'built-in', apiBase: 'http://127.0.0.1:2', timeoutMs: 2, streamTimeoutMs: 3 };

function registryOf(
  over: Partial<Models> = {},
  warn: (message: string) => void = () => undefined,
  catalogue = cards,
): ModelRegistry {
  const models: Models = {
    defaultModel: 'recraft/recraftv4',
    isDefaultChosen: false,
    defaultResponseFormat: 'url',
    dropParams: true,
    allowSecondCharge: false,
    configured: [],
    aliases: new Map(),
    builtIn,
    longestStreamMs: 3,
    ...over,
  };
  return new ModelRegistry(models, catalogue, warn);
}

const aliases = (...rows: [name: string, model: string][]): Models['aliases'] =>
  new Map(rows.map(([name, model]) => [name, { model, defaults: {} }]));

/** Where a name leads to, as `key:model` of each deployment. */
const reached = (registry: ModelRegistry, name?: string) =>
  registry.resolve(name).deployments.map(({ apiKey, model }) => `${apiKey}:${model}`);

const unknown = (param = 'model') => expect.objectContaining({ name: 'GatewayError', fault: 'unknownModel', param });

describe('ModelRegistry.resolve', () => {
  it.each([undefined, ''])('leads a request with the model %j to the default model', (name) => {
    expect(reached(registryOf(), name)).toEqual(['built-in:recraftv4']);
  });

  it('gathers the entries of one name in a group, in their order', () => {
    const configured = [aDeployment('a', 'recraftv3'), aDeployment('b', 'recraftv4'), aDeployment('a', 'recraftv2')];
    expect(registryOf({ configured }).resolve('a')).toEqual({
      name: 'a',
      deployments: [configured[0], configured[2]],
      defaults: {},
    });
  });

  it('prefers a configured name to an alias, a catalogue name and a wildcard', () => {
    const configured = [aDeployment('*', '*'), aDeployment('recraftv3', 'recraftv4')];
    const registry = registryOf({ configured, aliases: aliases(['recraftv3', 'recraft/recraftv2']) });
    expect(reached(registry, 'recraftv3')).toEqual(['configured:recraftv4']);
  });

  it('follows an alias, also to another alias, under the name it ends at', () => {
    const registry = registryOf({
      aliases: new Map([
        ['gpt-image-1', { model: 'house', defaults: { response_format: 'b64_json' } }],
        ['house', { model: 'recraftv3', defaults: { style: 'icon', response_format: 'url' } }],
      ]),
    });
    expect(registry.resolve('gpt-image-1')).toMatchObject({
      name: 'recraft/recraftv3',
      deployments: [{ model: 'recraftv3' }],
      defaults: { response_format: 'b64_json', style: 'icon' },
    });
  });

  it('prefers an alias to a catalogue name', () => {
    const registry = registryOf({ aliases: aliases(['recraft/recraftv3', 'recraft/recraftv4']) });
    expect(reached(registry, 'recraft/recraftv3')).toEqual(['built-in:recraftv4']);
  });

  it('ends where aliases lead in a circle', () => {
    const registry = registryOf({ aliases: aliases(['a', 'b'], ['b', 'a']) });
    expect(() => registry.resolve('a')).toThrow(unknown());
  });

  describe('for recraft/<model>', () => {
    it('uses the entries configured with exactly that model', () => {
      const configured = [aDeployment('a', 'recraftv3'), aDeployment('b', 'recraftv4'), aDeployment('c', 'recraftv3')];
      const group = registryOf({ configured }).resolve('recraft/recraftv3');
      expect(group).toMatchObject({ name: 'recraft/recraftv3', deployments: [configured[0], configured[2]] });
    });

    it('then the account of a wildcard that begins with recraft/', () => {
      const configured = [aDeployment('*', '*', { apiKey: 'any' }), aDeployment('recraft/*', '*')];
      expect(reached(registryOf({ configured }), 'recraft/recraftv3')).toEqual(['configured:recraftv3']);
    });

    it('then the built-in account, with an id of its own for each model', () => {
      const registry = registryOf({ configured: [aDeployment('*', '*')] });
      const [v3, v4] = ['recraft/recraftv3', 'recraft/recraftv4'].map((name) => registry.resolve(name).deployments[0]);
      expect(v3).toEqual({
        id: expect.any(String),
        group: 'recraft/recraftv3',
        model: 'recraftv3',
        ...builtIn,
        defaults: {},
      });
      expect(v3?.id).not.toBe(v4?.id);
    });

    it('then any wildcard, without sending the prefix on', () => {
      const registry = registryOf({ builtIn: undefined, configured: [aDeployment('*', '*')] });
      expect(reached(registry, 'recraft/recraftv3')).toEqual(['configured:recraftv3']);
    });

    it('passes on models the catalogue does not know', () => {
      expect(reached(registryOf(), 'recraft/recraftv99')).toEqual(['built-in:recraftv99']);
    });
  });

  it.each([
    ['recraftv3', 'recraftv3'],
    ['recraftv3_raster', 'recraftv3'],
    ['recraftv3_vector', 'recraftv3_vector'],
  ])('takes %s of the catalogue with and without the prefix, and calls it %s', (id, model) => {
    expect(reached(registryOf(), id)).toEqual([`built-in:${model}`]);
    expect(registryOf().resolve(id)).toEqual(registryOf().resolve(`recraft/${id}`));
    expect(registryOf().resolve(id).name).toBe(`recraft/${model}`);
    expect(registryOf().meaningOf(id)).toBe(`recraft/${model}`);
    const lent = registryOf({ configured: [aDeployment('recraft/*', '*')] });
    expect(lent.resolve(id).name).toBe(`recraft/${model}`);
  });

  it("takes the provider's own default for an operation where no model is named and an account reaches it", () => {
    const wishes = { usual: 'recraft/recraftv3' };
    const registry = registryOf({ aliases: aliases(['gpt-image-1', 'recraft/recraftv4']) });
    expect(registry.resolveFor(undefined, 'generate', wishes).name).toBe('recraft/recraftv3');
    expect(registry.resolveFor('gpt-image-1', 'generate', wishes).name).toBe('recraft/recraftv3');
    expect(registry.resolveFor('recraftv4', 'generate', wishes).name).toBe('recraft/recraftv4');
    const own = registryOf({ builtIn: undefined, defaultModel: 'a', configured: [aDeployment('a', 'recraftv4')] });
    expect(own.resolveFor(undefined, 'generate', wishes).name).toBe('a');
  });

  describe('with a style and no model', () => {
    const styled = [
      aCard('new', { baseStyle: 'any' }),
      aCard('older', { styles: new Set(['Ink', 'any']) }),
      aCard('oldest', { styles: new Set(['Ink', 'Wax']) }),
    ];
    const chosenFor = (style: string, over: Partial<Models> = {}, name?: string): string =>
      registryOf({ defaultModel: 'recraft/new', ...over }, undefined, styled).resolveFor(name, 'generate', { style })
        .name;

    it.each([
      ['Ink', 'recraft/older'],
      ['Wax', 'recraft/oldest'],
      ['any', 'recraft/new'],
      ['nobody has it', 'recraft/new'],
    ])('takes for %s the first model that has it: %s', (style, model) => {
      expect(chosenFor(style)).toBe(model);
    });

    it('keeps a default that the operator chose, and a model that the caller named', () => {
      expect(chosenFor('Ink', { isDefaultChosen: true })).toBe('recraft/new');
      expect(chosenFor('Ink', {}, 'recraft/new')).toBe('recraft/new');
    });

    it('keeps the default where no account reaches a model that has it', () => {
      const configured = [aDeployment('recraft/new', 'new')];
      expect(chosenFor('Ink', { builtIn: undefined, configured })).toBe('recraft/new');
    });

    it("takes it under a name of OpenAI's that stands for the default", () => {
      const over = { aliases: aliases(['gpt-image-1', 'recraft/new']) };
      expect(chosenFor('Ink', over, 'gpt-image-1')).toBe('recraft/older');
    });
  });

  it('leads the _raster alias to the entry of its model', () => {
    const registry = registryOf({ builtIn: undefined, configured: [aDeployment('a', 'recraftv3')] });
    expect(reached(registry, 'recraftv3_raster')).toEqual(['configured:recraftv3']);
  });

  it.each([
    ['poster-v3', 'recraftv3'],
    ['poster-fast-v4', 'recraftv4'],
    ['other', 'recraftv9_other'],
  ])('leads %s through the most specific wildcard to %s', (name, model) => {
    const configured = [
      aDeployment('*', 'recraftv9_*'),
      aDeployment('poster-*', 'recraft*'),
      aDeployment('poster-fast-*', 'recraft*'),
    ];
    expect(reached(registryOf({ configured }), name)).toEqual([`configured:${model}`]);
  });

  it('leads a wildcard with a fixed model to it, and gathers wildcards of one name', () => {
    const configured = [aDeployment('gpt-*', 'recraftv3'), aDeployment('gpt-*', 'recraftv4')];
    expect(reached(registryOf({ configured }), 'gpt-9')).toEqual(['configured:recraftv3', 'configured:recraftv4']);
  });

  it.each([
    'nothing',
    'openai/gpt-4',
    'recraft/',
    'recraft/a/b',
    'recraft/a b',
    `recraft/${'x'.repeat(201)}`,
    'recraftv3_vector_raster',
    '__proto__',
  ])('does not know %s', (name) => {
    expect(() => registryOf().resolve(name)).toThrow(unknown());
  });

  it('says which model does not exist, in no more than 200 characters of it', () => {
    expect(() => registryOf().resolve('nothing')).toThrow("The model 'nothing' does not exist.");
    expect(() => registryOf().resolve('y'.repeat(5000))).toThrow(`The model '${'y'.repeat(200)}' does not exist.`);
  });

  it('does not know recraft/<model> where nothing has an account', () => {
    const registry = registryOf({ builtIn: undefined });
    expect(() => registry.resolve('recraft/recraftv3')).toThrow(unknown());
    expect(() => registry.resolve(undefined)).toThrow(unknown());
  });

  it('remembers what it found, up to a thousand names', () => {
    const registry = registryOf();
    const first = registry.resolve('recraft/m0');
    expect(registry.resolve('recraft/m0')).toBe(first);
    for (let index = 1; index <= 1000; index += 1) registry.resolve(`recraft/m${index}`);
    expect(registry.resolve('recraft/m1000')).toBe(registry.resolve('recraft/m1000'));
    expect(registry.resolve('recraft/m0')).not.toBe(first);
  });
});

describe('ModelRegistry warns', () => {
  it('once of a model the catalogue does not know', () => {
    const warn = jest.fn();
    const registry = registryOf({ configured: [aDeployment('a', 'recraftv98')] }, warn);
    const asker = { id: 'req_1', traceId: undefined };
    for (const name of ['a', 'recraft/recraftv99', 'recraft/recraftv99', 'recraftv3']) registry.resolve(name, asker);
    expect(warn.mock.calls).toEqual([
      [expect.stringContaining("'recraftv98'"), undefined],
      [expect.stringContaining("'recraftv99'"), asker],
    ]);
  });

  it('of a hundred such models at most', () => {
    const warn = jest.fn();
    const registry = registryOf({}, warn);
    for (let index = 0; index < 150; index += 1) registry.resolve(`recraft/m${index}`);
    expect(warn).toHaveBeenCalledTimes(100);
  });

  it('of a default model and of aliases that lead nowhere', () => {
    const warn = jest.fn();
    registryOf({ defaultModel: 'gone', aliases: aliases(['x', 'gone'], ['y', 'lost'], ['z', 'recraftv3']) }, warn);
    expect(warn.mock.calls).toEqual([[expect.stringContaining("'gone'")], [expect.stringContaining("'lost'")]]);
  });
});

describe('ModelRegistry.card', () => {
  it.each([
    ['recraftv3', 'recraftv3'],
    ['recraftv3_raster', 'recraftv3'],
    ['recraftv3_vector', 'recraftv3_vector'],
    ['recraftv3_vector_raster', undefined],
    ['recraftv99', undefined],
  ])('of %s is that of %s', (model, id) => {
    expect(registryOf().card(model)?.id).toBe(id);
  });
});

describe('ModelRegistry.list', () => {
  const idsOf = (over: Partial<Models>) =>
    registryOf(over)
      .list()
      .map(({ id }) => id);
  const plain = ['recraftv3', 'recraftv3_vector', 'recraftv4'];
  const catalogue = [...plain.map((id) => `recraft/${id}`), ...plain];

  it('shows configured names, the catalogue in both spellings, and aliases, each once', () => {
    const configured = [aDeployment('a', 'recraftv3'), aDeployment('a', 'recraftv4')];
    expect(idsOf({ configured, aliases: aliases(['a', 'recraftv3'], ['dall-e-3', 'a']) })).toEqual([
      'a',
      ...catalogue,
      'dall-e-3',
    ]);
  });

  it('shows the catalogue where recraft/* has an account', () => {
    expect(idsOf({ builtIn: undefined, configured: [aDeployment('recraft/*', '*')] })).toEqual(catalogue);
  });

  it('shows what other wildcards make of the catalogue', () => {
    const configured = [aDeployment('fast/*', 'recraftv3*'), aDeployment('gpt-*', 'recraftv3')];
    expect(idsOf({ builtIn: undefined, configured })).toEqual(['fast/_vector']);
  });

  it('shows neither hidden aliases nor those that lead nowhere', () => {
    const hidden = new Map([
      ['quiet', { model: 'a', defaults: {}, hidden: true }],
      ['lost', { model: 'b', defaults: {} }],
    ]);
    expect(idsOf({ builtIn: undefined, configured: [aDeployment('a', 'recraftv3')], aliases: hidden })).toEqual(['a']);
  });

  it('dates a name by the model it leads to', () => {
    const configured = [aDeployment('a', 'recraftv3'), aDeployment('b', 'recraftv99')];
    expect(registryOf({ builtIn: undefined, configured }).list()).toEqual([
      { id: 'a', created: 1_730_000_000 },
      { id: 'b', created: 0 },
    ]);
  });
});

describe('ModelRegistry.deployments', () => {
  it("are the configured ones and the built-in account's for the models it serves", () => {
    const configured = [aDeployment('a', 'recraftv3'), aDeployment('fast-*', 'recraft*')];
    expect(
      registryOf({ configured })
        .deployments()
        .map(({ group }) => group),
    ).toEqual(['a', 'fast-*', 'recraft/recraftv3_vector', 'recraft/recraftv4']);
  });

  it('name a wildcard that lends its account once, as it stands', () => {
    const configured = [aDeployment('recraft/*', '*')];
    expect(registryOf({ configured }).deployments()).toEqual(configured);
  });

  it('can be asked for by id', () => {
    const registry = registryOf();
    const { id } = registry.resolve('recraftv3').deployments[0];
    expect(registry.deployments(id)).toEqual(registry.resolve('recraftv3').deployments);
    expect(() => registry.deployments('none')).toThrow(unknown('litellm_model_id'));
  });
});
