import { describe, expect, it } from '@jest/globals';
import { describeEnvironment, Environment, readEnvironment, setVariables } from './environment.js';

describe('readEnvironment', () => {
  it('chooses every default where nothing is set', () => {
    expect(readEnvironment({})).toEqual({ environment: new Environment(), problems: [] });
  });

  it('reads text, numbers and flags', () => {
    const { environment, problems } = readEnvironment({ HOST: '127.0.0.1', PORT: '0', DROP_PARAMS: 'False' });
    expect(problems).toEqual([]);
    expect(environment).toMatchObject({ HOST: '127.0.0.1', PORT: 0, DROP_PARAMS: false });
  });

  it.each([
    ['CORS_ORIGINS', 'pictures.example.org'],
    ['CORS_ORIGINS', 'https://pictures.example.org/'],
    ['CORS_ORIGINS', 'https://pictures.example.org, *'],
    ['CORS_ORIGINS', 'https://PICTURES.example.org'],
    ['HEADERS_TIMEOUT_MS', '99'],
    ['PORT', 'abc'],
    ['PORT', '-1'],
    ['PORT', '4e3'],
    ['PORT', '0x10'],
    ['PORT', '40.5'],
    ['PORT', '65536'],
    ['UPSTREAM_CONNECTIONS', '00'],
    ['REQUEST_TIMEOUT_MS', '290000'],
    ['DROP_PARAMS', 'yes'],
    ['LOG_LEVEL', 'loud'],
    ['DEFAULT_RESPONSE_FORMAT', 'png'],
    ['RECRAFT_API_BASE', 'localhost:4001'],
    ['RECRAFT_API_BASE', 'ftp://127.0.0.1'],
    ['RECRAFT_API_BASE', 'http://127.0.0.1/v1/images/generations'],
    ['RECRAFT_API_BASE', 'http://user:word@127.0.0.1'],
    ['MASTER_KEY', 'two words'],
    ['RECRAFT_API_KEY', 'line\nbreak'],
  ])('refuses %s=%j, names the variable and keeps the value to itself', (name, value) => {
    const { problems } = readEnvironment({ [name]: value });
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name} must be `))]);
    expect(problems.join()).not.toContain(value);
  });

  it.each([
    ['UPLOAD_MEMORY_BYTES', '0', 'PORT', '65535'],
    ['MAX_IMAGE_BYTES', '1', 'REQUEST_TIMEOUT_MS', '289000'],
  ])('takes the ends of a range: %s=%s, %s=%s', (least, low, most, high) => {
    expect(readEnvironment({ [least]: low, [most]: high }).problems).toEqual([]);
  });

  it.each(['*', 'none', 'https://shop.example.com', 'http://localhost:5173, https://shop.example.com'])(
    'takes %s for origins',
    (CORS_ORIGINS) => {
      expect(readEnvironment({ CORS_ORIGINS })).toMatchObject({ environment: { CORS_ORIGINS }, problems: [] });
    },
  );

  it('lists all problems at once', () => {
    const { problems } = readEnvironment({ PORT: 'x', LOG_LEVEL: 'x', MASTER_KEY: 'x x' });
    expect(problems.map((problem) => problem.split(' ')[0])).toEqual(['MASTER_KEY', 'PORT', 'LOG_LEVEL']);
  });

  it('takes a fallback before the default, and the variable before the fallback', () => {
    const fallbacks = { REQUEST_TIMEOUT_MS: 7, DROP_PARAMS: false };
    expect(readEnvironment({ REQUEST_TIMEOUT_MS: '9' }, fallbacks).environment).toMatchObject({
      REQUEST_TIMEOUT_MS: 9,
      DROP_PARAMS: false,
    });
  });
});

describe('setVariables', () => {
  it('counts an empty variable as unset and cuts off the line break of a mounted secret', () => {
    expect(setVariables({ A: '', B: '  ', C: undefined, D: 'sk-1234\n' })).toEqual({ D: 'sk-1234' });
  });
});

describe('describeEnvironment', () => {
  it('describes every variable once', () => {
    const names = describeEnvironment().map(({ name }) => name);
    expect(names.toSorted()).toEqual(Object.keys(new Environment()).toSorted());
  });

  it('writes defaults as they would be set', () => {
    const port = describeEnvironment().find(({ name }) => name === 'PORT');
    expect(port).toEqual({ name: 'PORT', default: '4000', description: expect.any(String), secret: false });
  });

  it('marks what must not be shown', () => {
    const secrets = describeEnvironment().filter(({ secret }) => secret);
    expect(secrets.map(({ name }) => name)).toEqual([
      'RECRAFT_API_KEY',
      'MASTER_KEY',
      'LITELLM_MASTER_KEY',
      'DATABASE_URL',
      'API_KEYS',
      'MODEL_LIST',
      'REDIS_URL',
      'METRICS_KEY',
      'OTEL_EXPORTER_OTLP_HEADERS',
    ]);
  });
});
