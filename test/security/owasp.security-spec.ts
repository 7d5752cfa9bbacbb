import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { HttpAdapterHost } from '@nestjs/core';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type TestDatabase, testDatabase } from '../support/database.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { generateKey, type NewKey, withKey } from '../support/keys.js';
import { RawClient } from '../support/raw-client.js';
import { startHttpServer } from '../support/servers.js';

/* The OWASP API Security Top 10 of 2023, item by item: https://owasp.org/API-Security/editions/2023/en/0x11-t10/ */

const GENERATIONS = '/v1/images/generations';
const UPSTREAM_KEY = 'test-key';
const FOX = { prompt: 'a fox', model: 'recraft/recraftv3' };
const denied = { status: 403, type: 'permission_error', code: 'key_route_access_denied' };

jest.setTimeout(30_000);

interface Route {
  readonly method: 'get' | 'post' | 'delete';
  readonly path: string;
  readonly isOpen: boolean;
}

let database: TestDatabase;
let sandbox: Sandbox;
let gateway: RunningGateway;
let document: { paths: Record<string, Record<string, { security?: unknown[] }>> };
let routes: readonly Route[];
let ada: NewKey;
let bob: NewKey;

beforeAll(async () => {
  database = await testDatabase();
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
  gateway = await startGateway(sandbox, {
    ...database.environment,
    LOG_LEVEL: 'info',
    CORS_ORIGINS: 'https://shop.example',
  });
  document = (await (await gateway.call('/openapi.json')).json()) as typeof document;
  routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { security }]) => ({
      method: method as Route['method'],
      path: path.replace(/\{\w+\}/, 'x'),
      isOpen: security?.length === 0,
    })),
  );
  [ada, bob] = await Promise.all([
    generateKey(gateway, { key_alias: 'ada' }),
    generateKey(gateway, { key_alias: 'bob' }),
  ]);
});

afterEach(() => {
  sandbox.reset();
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  await database[Symbol.asyncDispose]();
});

const ask = ({ method, path }: Pick<Route, 'method' | 'path'>, key?: string): Promise<Response> =>
  fetch(gateway.url + path, {
    method: method.toUpperCase(),
    ...(key !== undefined && { headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } }),
    ...(method === 'post' && { body: '{}' }),
  });

const draw = (key: NewKey, fields: object = {}, headers: Record<string, string> = {}): Promise<Response> =>
  gateway.post(GENERATIONS, { ...FOX, ...fields }, { headers: { authorization: `Bearer ${key.key}`, ...headers } });

describe('API1 Broken object level authorization', () => {
  it('a key reads about itself and about no other', async () => {
    expect((await gateway.call('/key/info', withKey(ada.key))).status).toBe(200);
    for (const other of [bob.key, bob.token]) {
      const response = await gateway.call(`/key/info?key=${other}`, withKey(ada.key));
      expect([response.status, await response.text()]).toEqual([response.status, expect.not.stringContaining('bob')]);
      expect(response.status).toBeGreaterThanOrEqual(400);
    }
  });

  it('a key gets its own answers again under an Idempotency-Key, and never those of another', async () => {
    const once = { 'idempotency-key': 'the-same-of-both' };
    const [first, again, stranger] = [await draw(ada, {}, once), await draw(ada, {}, once), await draw(bob, {}, once)];
    const [one, same, other] = await Promise.all([first.text(), again.text(), stranger.text()]);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
    expect(sandbox.requests()).toHaveLength(2);
  });

  it('usage is that of the key that asks', async () => {
    await draw(bob);
    const usage = await (await gateway.call('/v1/usage', withKey(ada.key))).text();
    expect(usage).not.toContain(bob.token);
    expect(usage).not.toContain('bob');
  });
});

describe('API2 Broken authentication', () => {
  it('every route that the document does not call open wants a key, and a known one', async () => {
    for (const route of routes.filter(({ isOpen }) => !isOpen)) {
      for (const key of [undefined, 'sk-of-nobody', '', `${ada.key}x`, ada.token]) {
        const response = await ask(route, key);
        expect({ ...route, key, status: response.status }).toEqual({ ...route, key, status: 401 });
        await response.body?.cancel();
      }
    }
    expect(sandbox.requests()).toEqual([]);
  });

  it('a key is no key any more once it is blocked or deleted', async () => {
    const key = await generateKey(gateway);
    expect((await draw(key)).status).toBe(200);
    await gateway.post('/key/block', { key: key.key });
    await expectError(await draw(key), { status: 401, type: 'auth_error', code: 'key_blocked' });
    await gateway.post('/key/delete', { keys: [key.key] });
    await expectError(await draw(key), { status: 401, type: 'token_not_found_in_db', code: 'invalid_api_key' });
  });

  it('no answer and no log line has a key in it', async () => {
    await (await draw(ada)).text();
    const listed = await (await gateway.call('/key/list?return_full_object=true')).text();
    for (const text of [listed, gateway.log.join('')]) {
      for (const secret of [ada.key, gateway.key, UPSTREAM_KEY]) expect(text.includes(secret)).toBe(false);
    }
  });
});

describe('API3 Broken object property level authorization', () => {
  it('a field that a key cannot have is refused, and not kept in silence', async () => {
    for (const field of ['is_master', 'spend', 'created_by', 'token', 'tpm_limit']) {
      const response = await gateway.post('/key/generate', { [field]: 1 });
      expect([response.status, await response.json()]).toMatchObject([400, { error: { param: field } }]);
    }
  });

  it('a key changes nothing about itself', async () => {
    const raise = { key: ada.key, max_budget: 1_000_000, models: [] };
    await expectError(await gateway.post('/key/update', raise, withKey(ada.key)), denied);
  });

  it("a request's words for a gateway do not reach Recraft, and steer nothing", async () => {
    const steering = { api_key: 'sk-theirs', api_base: 'http://127.0.0.1:1', base_url: 'http://127.0.0.1:1', metadata: { a: 1 }, user: 'ada', headers: { authorization: 'x' } }; // prettier-ignore
    expect((await draw(ada, steering)).status).toBe(200);
    const [request] = sandbox.requests();
    for (const name of Object.keys(steering)) expect(request?.fields).not.toHaveProperty(name);
  });
});

describe('API4 Unrestricted resource consumption', () => {
  it('requests, pictures and requests at a time have limits by key', async () => {
    const [slow, few] = [await generateKey(gateway, { rpm_limit: 1 }), await generateKey(gateway, { ipm_limit: 1 })];
    expect((await draw(slow)).status).toBe(200);
    await expectError(await draw(slow), { status: 429, type: 'throttling_error', code: 'rate_limit_exceeded' });
    expect((await draw(few, { n: 2 })).status).toBe(400);
  });

  it('pictures a request, text and bodies have limits', async () => {
    expect((await draw(ada, { n: 7 })).status).toBe(400);
    expect((await draw(ada, { prompt: 'x'.repeat(1_001) })).status).toBe(400);
    expect((await draw(ada, { prompt: 'x'.repeat(31 * 1024 * 1024) })).status).toBe(413);
    expect(sandbox.requests()).toEqual([]);
  });

  it('lists have a longest page', async () => {
    const response = await gateway.call('/spend/logs?limit=1000000000');
    expect(response.status).toBe(400);
  });
});

describe('API5 Broken function level authorization', () => {
  const ADMINISTRATION = /^\/(?:key\/(?!info)|team\/|spend\/|global\/|audit|metrics)/;

  it('what administers wants the master key, whatever the spelling of its path', async () => {
    const administering = routes.filter(({ path }) => ADMINISTRATION.test(path));
    expect(administering.length).toBeGreaterThan(15);
    for (const route of administering) {
      for (const path of [route.path, `${route.path}/`, route.path.toUpperCase(), `${route.path}?x=/v1/models`]) {
        const response = await ask({ ...route, path }, ada.key);
        expect({ path, status: response.status }).toEqual({ path, status: 403 });
        await response.body?.cancel();
      }
    }
  });

  it('a method that is smuggled in a header or field is not believed', async () => {
    const response = await gateway.call('/v1/styles/x', { headers: { 'x-http-method-override': 'DELETE' } });
    expect(response.status).toBe(404);
    expect(sandbox.requests().map(({ method }) => method)).toEqual(['GET']);
  });

  it('a key with routes of its own calls no others', async () => {
    const key = await generateKey(gateway, { allowed_routes: ['/v1/models'] });
    expect((await gateway.call('/v1/models', withKey(key.key))).status).toBe(200);
    await expectError(await draw(key), denied);
  });
});

describe('API6 Unrestricted access to sensitive business flows', () => {
  it('buying holds to the budget, however many buy at once', async () => {
    const key = await generateKey(gateway, { max_budget: 0.2 }); // five pictures of four cents
    const answers = await Promise.all(Array.from({ length: 25 }, () => draw(key)));
    const statuses = answers.map(({ status }) => status).toSorted();
    expect(statuses).toEqual([...Array<number>(5).fill(200), ...Array<number>(20).fill(429)]);
    expect(sandbox.requests()).toHaveLength(5);
  });
});

describe('API7 Server side request forgery', () => {
  it('a link goes to Recraft and is fetched by nobody here', async () => {
    const visits: (string | undefined)[] = [];
    await using bait = await startHttpServer(({ url }, response) => {
      visits.push(url);
      response.end();
    });
    const image_url = `${bait.url}/x.png`;
    let sent = '';
    // The sandbox fetches links, as Recraft does.
    await using recraft = await startHttpServer((request, response) => {
      request.setEncoding('latin1').on('data', (text: string) => (sent += text));
      request.once('end', () => response.end('{"data":[{"url":"https://x"}],"image":{"url":"https://x"}}'));
    });
    await using own = await startGateway(recraft);
    expect((await own.post('/v1/images/edits', { prompt: 'a fox', image: image_url })).status).toBe(200);
    expect((await own.post('/v1/images/removeBackground', { image_url })).status).toBe(200);
    expect(sent.split(image_url)).toHaveLength(3);
    expect(visits).toEqual([]);
  });
});

describe('API8 Security misconfiguration', () => {
  it.each([
    ['an answer', () => draw(ada)],
    ['an error', () => gateway.post(GENERATIONS, { prompt: 1 })],
    ['a refusal', () => fetch(`${gateway.url}/v1/models`)],
    ['a stream', () => draw(ada, { stream: true })],
    ['a list', () => gateway.call('/v1/models')],
    ['an unknown path', () => gateway.call('/nowhere')],
  ])('%s tells browsers to run, frame and guess nothing, and nobody what serves it', async (_, send) => {
    const response = await send();
    await response.text();
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
    });
    for (const name of ['x-powered-by', 'server', 'etag']) expect(response.headers.get(name)).toBeNull();
  });

  it('the page of the documentation runs its own scripts alone', async () => {
    const { headers } = await fetch(`${gateway.url}/docs`);
    expect(headers.get('content-security-policy')).toContain("script-src 'self'");
  });

  it.each([
    'https://evil.example',
    'https://shop.example.evil.example',
    'http://shop.example',
    'null',
    'https://SHOP.example',
  ])('a page of %s may not call where others may', async (origin) => {
    const headers = { origin, 'access-control-request-method': 'POST' };
    const asked = await fetch(gateway.url + GENERATIONS, { method: 'OPTIONS', headers });
    expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([405, null]);
    const friend = await fetch(gateway.url + GENERATIONS, { method: 'OPTIONS', headers: { ...headers, origin: 'https://shop.example' } }); // prettier-ignore
    expect([friend.status, friend.headers.get('access-control-allow-origin')]).toEqual([204, 'https://shop.example']);
    expect(friend.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('TRACE and CONNECT are no methods here', async () => {
    for (const method of ['TRACE', 'CONNECT']) {
      using client = await RawClient.connect(gateway.url);
      client.send(
        `${method} /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${gateway.key}\r\nconnection: close\r\n\r\n`,
      );
      const answer = await client.all();
      expect(answer).not.toMatch(/^HTTP\/1.1 2/);
      expect(answer).not.toContain(gateway.key);
    }
  });
});

describe('API9 Improper inventory management', () => {
  interface Layer {
    readonly route?: { readonly path: string | string[]; readonly methods: Record<string, boolean> };
  }

  it('every route that is served is in the document, or another spelling of one that is', () => {
    const app = gateway.get<HttpAdapterHost>(HttpAdapterHost).httpAdapter.getInstance<{ router: { stack: Layer[] } }>();
    const served = app.router.stack.flatMap(({ route }) => (route ? [route.path].flat() : []));
    const known = new Set(Object.keys(document.paths).map(spelling));
    expect(served.length).toBeGreaterThan(60);
    const unknown = served.filter((path) => !known.has(spelling(path)) && !known.has(`/v1${spelling(path)}`));
    expect(unknown.toSorted()).toEqual(['/', ...UNLISTED].toSorted());
  });

  /** Other names of a probe and of Recraft's status, and the documentation itself. */
  const UNLISTED = [
    ...[
      '/docs',
      '/docs/',
      '/docs/LICENSE',
      '/docs/docs/swagger-ui-init.js',
      '/docs/index.html',
      '/docs/swagger-ui-init.js',
    ],
    ...['/health/liveness', '/openapi.json', '/v1/status'],
  ];

  /** Without the names of parameters. */
  function spelling(path: string): string {
    return path
      .replace(/\/$/, '')
      .replace(/[:*{]\w+\}?/g, '*')
      .toLowerCase();
  }
});

describe('API10 Unsafe consumption of APIs', () => {
  const hostile = async (
    status: number,
    headers: Record<string, string>,
    body: string,
  ): Promise<{ status: number; text: string }> => {
    await using recraft = await startHttpServer((request, response) => {
      request.resume().once('end', () => response.writeHead(status, headers).end(body));
    });
    await using own = await startGateway(recraft);
    const response = await own.post(GENERATIONS, FOX);
    expect(response.headers.get('set-cookie')).toBeNull();
    expect(response.headers.get('x-evil')).toBeNull();
    return { status: response.status, text: await response.text() };
  };

  it.each([
    ['a redirect', 302, 'text/plain', ''],
    ['a page', 200, 'text/html', '<script>alert(1)</script>'],
    ['a page as a refusal', 500, 'text/html', '<h1>secret stack</h1>'],
    ['no JSON', 200, 'application/json', '{"data":['],
    ['JSON without pictures', 200, 'application/json', '{"data":"none"}'],
  ])('what Recraft answers is not believed: %s', async (_, status, type, body) => {
    const headers = { 'content-type': type, 'set-cookie': 'a=b', 'x-evil': 'yes', location: 'http://127.0.0.1:1/' };
    const answer = await hostile(status, headers, body);
    expect(answer.status).toBe(502);
    expect(answer.text).not.toMatch(/<script>|secret stack/);
  });

  it('a document of 100 MB is given up', async () => {
    const wasReadToItsEnd = Promise.withResolvers<boolean>();
    await using recraft = await startHttpServer((_request, response) => {
      response.once('close', () => {
        wasReadToItsEnd.resolve(response.writableFinished);
      });
      response.end('x'.repeat(100_000_000));
    });
    await using own = await startGateway(recraft);
    const response = await own.call('/v1/styles');
    expect([response.status, await response.json()]).toMatchObject([502, { code: 'upstream_invalid_answer' }]);
    expect(await wasReadToItsEnd.promise).toBe(false);
  });

  it('a refusal of 100 MB is not kept', async () => {
    const answer = await hostile(400, { 'content-type': 'text/plain' }, 'x'.repeat(100_000_000));
    expect(answer.status).toBe(400);
    expect(answer.text.length).toBeLessThan(3_000);
  });
});
