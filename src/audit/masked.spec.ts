import { describe, expect, it } from '@jest/globals';
import { masked } from './masked.js';

describe('masked', () => {
  it('leaves four characters of a secret, wherever it stands, and everything else as it is', () => {
    const change = {
      key: 'sk-0123456789abcdef0123456789abcdef',
      key_alias: 'shop',
      key_name: 'sk-...cdef',
      max_budget: 10,
      nested: [{ password: 'short', note: 'was sk-0123456789abcdef0123456789abcdef once' }],
      nothing: null,
    };

    expect(masked(change)).toEqual({
      key: '***cdef',
      key_alias: 'shop',
      key_name: 'sk-...cdef',
      max_budget: 10,
      nested: [{ password: '***', note: 'was ***cdef once' }],
      nothing: null,
    });
  });

  it.each([
    ...['apiKey', 'APIKey', 'recraft_api_key', 'RECRAFT_API_KEY', 'api-key-2', 'apikey', 'stripeKey', 'ssh_keys'],
    ...['aws_secret_access_key', 'accessToken', 'refresh_tokens', 'private_key', 'credentials', 'client_secret'],
    ...['dbPassword', 'db_pass', 'pwd', 'passphrase', 'Authorization', 'basic_auth', 'session_cookie'],
  ])('takes %s for the name of a secret', (name) => {
    expect(masked({ metadata: { [name]: 'hunter2' } })).toEqual({ metadata: { [name]: '***' } });
  });

  it.each([
    'key_alias',
    'key_name',
    'keyboard',
    'monkey',
    'author',
    'passenger',
    'cost_centre',
    'user_id',
    'connection',
  ])('takes %s for no such name', (name) => {
    expect(masked({ [name]: 'shop' })).toEqual({ [name]: 'shop' });
  });

  it('masks numbers, lists and blocks under a secret’s name', () => {
    expect(
      masked({ password: 12345678, tokens: ['a', 'b'], credentials: { user: 'ann', value: ['x', null] } }),
    ).toEqual({
      password: '***',
      tokens: ['***', '***'],
      credentials: { user: '***', value: ['***', null] },
    });
  });

  it('masks a key with every character that a chosen one may have, also where it is a name', () => {
    const key = 'sk-abc!def$ghi%jkl"m:n,o;p&q=r{s}t/u-vw';

    expect(masked({ note: `is ${key}`, [key]: 1 })).toEqual({ note: 'is ***u-vw', '***u-vw': 1 });
  });

  it.each([
    ['postgres://ann:pw@db:5432/shop', 'postgres://***@db:5432/shop'],
    ['https://hooks.test/in?id=7&token=abc&n=1', 'https://hooks.test/in?id=7&token=***&n=1'],
    ['see https://ann:p@ss@hooks.test/in', 'see https://***@hooks.test/in'],
    ['Host=db;Password=hunter2;Port=5432', 'Host=db;Password=***;Port=5432'],
    ['host=db password=hunter2', 'host=db password=***'],
    ['{"user": "ann", "apiKey": "hunter 2"}', '{"user": "ann", "apiKey": ***}'],
    ['Authorization: Bearer hunter2', 'Authorization: Bearer ***'],
    ['https://medium.test/@ann?page=2, at 12:30', 'https://medium.test/@ann?page=2, at 12:30'],
  ])('masks secrets in a text: %s', (text, safe) => {
    expect(masked({ connection: text })).toEqual({ connection: safe });
  });
});
