import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';

const GENERATIONS = '/v1/images/generations';
const ORIGIN = 'https://app.example';

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
  gateway = await startGateway(sandbox);
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

const preflight = (url: string) =>
  fetch(url + GENERATIONS, {
    method: 'OPTIONS',
    headers: {
      origin: ORIGIN,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,x-stainless-lang',
    },
  });

describe('A page of another origin', () => {
  it('may ask before it calls, without a key', async () => {
    const response = await preflight(gateway.url);
    expect(response.status).toBe(204);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization,x-stainless-lang',
    });
  });

  it.each([
    [{ prompt: 'a fox' }, 200],
    [{ prompt: '' }, 400],
  ])('may read the answer to %j and its headers', async (body, status) => {
    const response = await gateway.post(GENERATIONS, body, { headers: { origin: ORIGIN } });
    expect(response.status).toBe(status);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-expose-headers')).toContain('x-request-id');
    expect(response.headers.get('x-request-id')).toMatch(/^req_/);
  });

  it('is told nothing where its origin is not among those allowed', async () => {
    await using strict = await startGateway(sandbox, { CORS_ORIGINS: 'https://other.example' });
    const response = await preflight(strict.url);
    expect(response.status).toBe(405);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('A body of absurd size in values', () => {
  it.each([
    ['colours', { controls: { colors: Array.from({ length: 100_000 }, () => ({ rgb: [1, 2, 300] })) } }, 'controls'],
    ['words', { text_layout: Array.from({ length: 50_000 }, () => ({ text: '' })) }, 'text_layout'],
    ['unknown fields', Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, 0])), 'k3999'],
  ])('is refused by name: %s', async (_what, fields, param) => {
    const response = await gateway.post(GENERATIONS, { prompt: 'x', ...fields });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_value', param } });
  });

  it('says so of a name that reaches into a prototype', async () => {
    const response = await gateway.post(GENERATIONS, '{"prompt":"x","__proto__":{"n":2}}');
    expect(await response.json()).toMatchObject({ error: { code: 'invalid_value', param: '__proto__' } });
  });
});
