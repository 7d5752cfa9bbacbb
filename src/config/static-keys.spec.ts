import { hash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type KeySources, readStaticKeys } from './static-keys.js';

const SECRET = 'sk-shop-secret-1';

function read(text: string, over: Partial<KeySources> = {}) {
  const problems: string[] = [];
  const sources = { text, keysFile: undefined, configFile: undefined, variables: {}, masterKey: 'sk-master' };
  const { keys } = readStaticKeys({ ...sources, hasDatabase: true, ...over }, problems);
  return { keys, problems };
}

describe('API_KEYS', () => {
  it('is a list of keys or digests, with everything that a key can have', () => {
    const digest = hash('sha256', 'sk-other');
    const whole = {
      ...{
        key: SECRET,
        alias: 'shop',
        models: ['recraft/*'],
        operations: ['generate'],
        allowed_routes: ['/v1/images/*'],
      },
      ...{
        aliases: { house: 'recraft/recraftv3' },
        tags: ['a'],
        priority: 'batch',
        weight: 3,
        rpm_limit: 1,
        ipm_limit: 2,
      },
      ...{ max_parallel_requests: 3, max_budget: 4.5, soft_budget: 4, budget_duration: '1mo' },
    };
    const { keys, problems } = read(JSON.stringify([whole, { key: `sha256:${digest}` }]));

    expect(problems).toEqual([]);
    expect(keys).toEqual([
      {
        ...{ digest: hash('sha256', SECRET), alias: 'shop', models: ['recraft/*'], operations: ['generate'] },
        ...{
          routes: ['/v1/images/*'],
          aliases: { house: 'recraft/recraftv3' },
          tags: ['a'],
          priority: 'batch',
          weight: 3,
        },
        ...{ requestsPerMinute: 1, imagesPerMinute: 2, parallelRequests: 3 },
        ...{ maxBudget: 4.5, softBudget: 4, budgetDuration: '1mo' },
      },
      expect.objectContaining({
        digest,
        alias: `configured-${digest.slice(0, 8)}`,
        weight: 1,
        priority: 'interactive',
      }),
    ]);
  });

  it('can be a block of keys, and name variables', () => {
    const { keys, problems } = read(
      JSON.stringify({ [SECRET]: { alias: 'shop' }, 'sk-plain': null, 'os.environ/THIRD': {} }),
      { variables: { THIRD: 'sk-third' } },
    );

    expect(problems).toEqual([]);
    expect(keys.map(({ digest }) => digest)).toEqual(
      [SECRET, 'sk-plain', 'sk-third'].map((key) => hash('sha256', key)),
    );
  });

  it.each([
    ['no JSON', `[{"key": "${SECRET}"`, 'API_KEYS, line 1'],
    ['a text', `"${SECRET}"`, 'API_KEYS must be a list of keys, or a block of keys'],
    ['a list of texts', `["${SECRET}"]`, 'API_KEYS[0] must be a block with a key'],
    [
      'a list under a heading',
      `{"api_keys": [{"key": "${SECRET}"}]}`,
      'API_KEYS[0] must be a block of what its key has',
    ],
    ['a heading alone', '{"api_keys": []}', 'API_KEYS[0] must be a block of what its key has, or null'],
    ['a text for a block', `{"${SECRET}": "rpm_limit: 5"}`, 'API_KEYS[0] must be a block of what its key has'],
    ['an entry without a key', '[{"alias": "a"}]', 'API_KEYS[0].key must be a key of printable characters'],
    ['an unknown setting', `[{"key": "${SECRET}", "tpm_limit": 5}]`, 'API_KEYS[0].tpm_limit is no setting of a key'],
    ['a limit of none', `[{"key": "${SECRET}", "rpm_limit": 0}]`, 'API_KEYS[0].rpm_limit must be a whole number'],
    [
      'an unknown operation',
      `[{"key": "${SECRET}", "operations": ["draw"]}]`,
      'API_KEYS[0].operations must be a list of',
    ],
    ['a route that is none', `[{"key": "${SECRET}", "allowed_routes": ["v1"]}]`, 'API_KEYS[0].allowed_routes must be'],
    [
      'a duration that is none',
      `[{"key": "${SECRET}", "budget_duration": "1y"}]`,
      'API_KEYS[0].budget_duration must be',
    ],
    ['a budget beyond counting', `[{"key": "${SECRET}", "max_budget": 1e12}]`, 'API_KEYS[0].max_budget must be'],
    ['too small a budget', `[{"key": "${SECRET}", "soft_budget": 1e-7}]`, 'API_KEYS[0].soft_budget must be'],
    [
      'the same key twice',
      `[{"key": "${SECRET}"}, {"key": "${SECRET}"}]`,
      'API_KEYS[1] is the same key as API_KEYS[0]',
    ],
    ['the master key', '[{"key": "sk-master"}]', 'API_KEYS[0] is the same key as the master key'],
    ['the same alias', '[{"key":"sk-a","alias":"x"},{"key":"sk-b","alias":"x"}]', 'API_KEYS[1] has the same alias as'],
    ['an unset variable', '[{"key": "os.environ/NOBODY"}]', 'NOBODY is not set: API_KEYS[0].key takes its value'],
  ])('refuses %s, and shows no key', (_, text, problem) => {
    const { problems } = read(text);
    expect(problems.join('\n')).toContain(problem);
    expect(problems.join('\n')).not.toContain(SECRET);
  });

  it('has no budgets where there is no database', () => {
    expect(read('[{"key": "sk-a", "max_budget": 1}]', { hasDatabase: false }).problems).toEqual([
      'API_KEYS[0] has a budget, which needs a database (DATABASE_URL is none)',
    ]);
  });
});
