import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { LOG_LEVELS } from '../../src/config/environment.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { withKey } from '../support/keys.js';
import { aPicture } from '../support/pictures.js';
import { type Listening, startHttpServer, unusedAddress } from '../support/servers.js';

const GENERATIONS = '/v1/images/generations';
const EDITS = '/v1/images/edits';
const PROMPT = 'planted prompt of a lighthouse';
const RECRAFT_KEY = 'planted-recraft-key';
const WRONG_KEY = 'sk-planted-wrong-key';
const STATIC_KEY = 'sk-planted-configured-key';

let sandbox: Sandbox;
let picture: Buffer;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
  picture = await aPicture();
});

afterEach(() => {
  sandbox.reset();
});

afterAll(() => sandbox.close());

const start = (upstream: { readonly url: string }, environment: Record<string, string> = {}) =>
  startGateway(upstream, {
    RECRAFT_API_KEY: RECRAFT_KEY,
    API_KEYS: JSON.stringify([{ key: STATIC_KEY, alias: 'shop' }]),
    UPSTREAM_FIRST_BYTE_TIMEOUT_MS: '100',
    ...environment,
  });

/** A Recraft that answers with what it was sent, in whatever form. */
function echoing(status: number, wrap: (text: string) => string): Promise<Listening> {
  return startHttpServer((request, response) => {
    request.resume();
    request.once('end', () => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(wrap(`${PROMPT} ${RECRAFT_KEY}`));
    });
  });
}

function edit(fields: Record<string, string> = {}): RequestInit {
  const form = new FormData();
  for (const [name, value] of Object.entries({ prompt: PROMPT, model: 'recraft/recraftv3', ...fields })) {
    form.set(name, value);
  }
  form.set('image', new Blob([new Uint8Array(picture)]), `${PROMPT}.png`);
  return { method: 'POST', body: form };
}

/** Every kind of request, those that go wrong too. */
async function askEverything(gateway: RunningGateway): Promise<void> {
  const image = `data:image/png;base64,${picture.toString('base64')}`;
  const answers = [
    await gateway.post(GENERATIONS, { prompt: PROMPT, user: PROMPT, style: 'vivid' }),
    await gateway.post(GENERATIONS, { prompt: PROMPT, stream: true, response_format: 'b64_json' }),
    await gateway.post(GENERATIONS, { prompt: PROMPT, response_format: 'multipart' }),
    await gateway.post(GENERATIONS, { prompt: PROMPT, size: PROMPT }),
    await gateway.post(GENERATIONS, { prompt: PROMPT, [PROMPT]: PROMPT }),
    await gateway.post(GENERATIONS, { prompt: PROMPT, model: PROMPT }),
    await gateway.post(GENERATIONS, `{"prompt": "${PROMPT}`),
    await gateway.post(GENERATIONS, { prompt: PROMPT }, withKey(WRONG_KEY)),
    await gateway.post(GENERATIONS, { prompt: PROMPT }, withKey(STATIC_KEY)),
    await gateway.post(GENERATIONS, { prompt: PROMPT }, { headers: { 'idempotency-key': 'planted-idempotency' } }),
    await gateway.call(EDITS, edit()),
    await gateway.call(EDITS, edit({ n: PROMPT })),
    await gateway.post(EDITS, { prompt: PROMPT, image }),
    await gateway.call('/v1/images/vectorize', edit()),
    await gateway.post('/v1/prompts/enhance', { prompt: PROMPT }),
    await gateway.call('/v1/styles'),
    await gateway.call(`/v1/styles/${encodeURIComponent(PROMPT)}`),
    await gateway.call(`/${encodeURIComponent(PROMPT)}?key=${WRONG_KEY}`),
    await gateway.call(`/v1/models/${encodeURIComponent(PROMPT)}`),
    await gateway.call('/health'),
    await gateway.call('/metrics'),
  ];
  for (const answer of answers) await answer.arrayBuffer();
}

/** A Recraft for each way in which it can fail. */
const FAILURES: Readonly<Record<string, () => Promise<{ readonly url: string }>>> = {
  'refuses it': () => echoing(400, (text) => JSON.stringify({ code: 'invalid', message: text })),
  'blocks it': () => echoing(400, (text) => JSON.stringify({ code: 'prompt_moderation', message: text })),
  'does not know the key': () => echoing(401, (text) => JSON.stringify({ code: 'unauthorized', message: text })),
  'is out of money': () => echoing(402, (text) => JSON.stringify({ code: 'not_enough_credits', message: text })),
  'breaks down': () => echoing(500, (text) => JSON.stringify({ code: 'internal', message: text })),
  'answers a page': () => echoing(502, (text) => `<html>${text}</html>`),
  'answers no JSON': () => echoing(200, (text) => text),
  'answers JSON that breaks off': () => echoing(200, (text) => `{"data": [{"url": "${text}`),
  'answers no pictures': () => echoing(200, (text) => JSON.stringify({ text })),
  'answers no object': () => echoing(200, (text) => JSON.stringify(text)),
  'speaks no HTTP': () =>
    startHttpServer((request, response) => {
      request.socket.end(`${PROMPT} ${RECRAFT_KEY}\r\n\r\n`);
      response.destroy();
    }),
  'hangs up': () => startHttpServer((request) => request.socket.destroy()),
  'says nothing': () => startHttpServer(() => undefined),
  'is not there': unusedAddress,
};

const SECRETS = (): readonly string[] => [
  ...[PROMPT, 'planted', 'lighthouse', encodeURIComponent(PROMPT), RECRAFT_KEY, WRONG_KEY, STATIC_KEY, 'sk-1234'],
  ...[picture.toString('base64').slice(40, 90), 'Bearer '],
];

function expectNoSecrets(gateway: RunningGateway): void {
  const everything = gateway.log.join('');
  for (const secret of SECRETS()) {
    const at = everything.indexOf(secret);
    expect({ secret, shown: at < 0 ? '' : everything.slice(Math.max(0, at - 200), at + 100) }).toEqual({
      secret,
      shown: '',
    });
  }
}

describe('No level logs a key, a prompt or a body', () => {
  it('trace', async () => {
    await using gateway = await start(sandbox, { LOG_LEVEL: 'trace' });
    await askEverything(gateway);
    expect(gateway.log.length).toBeGreaterThan(20);
    expectNoSecrets(gateway);
  }, 20_000);

  it.each(LOG_LEVELS)('%s, in front of a Recraft that repeats what it was told', async (level) => {
    const picture = { url: `https://example.com/${PROMPT}`, b64_json: Buffer.from(PROMPT).toString('base64') };
    await using upstream = await echoing(200, (text) => JSON.stringify({ credits: 40, data: [picture], said: text }));
    await using gateway = await start(upstream, { LOG_LEVEL: level });
    await askEverything(gateway);
    expectNoSecrets(gateway);
  });

  it.each(Object.keys(FAILURES))(
    'trace, where Recraft %s',
    async (how) => {
      const upstream = await (FAILURES[how] ?? unusedAddress)();
      await using gateway = await start(upstream, { LOG_LEVEL: 'trace' });
      await askEverything(gateway);
      expect(gateway.log.length).toBeGreaterThan(20);
      expectNoSecrets(gateway);
      if (Symbol.asyncDispose in upstream) await (upstream as Listening)[Symbol.asyncDispose]();
    },
    20_000,
  );
});

describe('Each line of a request', () => {
  it('has its id and that of its trace', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    await using gateway = await start(sandbox, { LOG_LEVEL: 'trace' });
    sandbox.fault({ status: 500 });
    const response = await gateway.post(
      GENERATIONS,
      { prompt: PROMPT },
      { headers: { traceparent: `00-${traceId}-b7ad6b7169203331-01` } },
    );
    const id = response.headers.get('x-request-id');
    await gateway.logged('"msg":"request"');
    const lines = gateway.log.map((line) => JSON.parse(line) as Record<string, unknown>);
    const own = lines.filter((line) => line['fault'] !== undefined);

    expect(own).toHaveLength(2);
    for (const line of own) expect(line).toMatchObject({ id, traceId });
  });

  it('also a warning that its model is in no catalogue', async () => {
    await using gateway = await start(sandbox, { LOG_LEVEL: 'warn' });
    const headers = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    sandbox.fault({ body: { created: 1, credits: 40, data: [{ url: 'https://example.com/fox' }] } });
    const response = await gateway.post(GENERATIONS, { prompt: PROMPT, model: 'recraft/brand-new' }, { headers });

    expect(response.status).toBe(200);
    expect(await gateway.logged("'brand-new'")).toMatchObject({
      id: response.headers.get('x-request-id'),
      traceId: '0af7651916cd43dd8448eb211c80319c',
    });
  });
});

describe('/log-level', () => {
  const change = (gateway: RunningGateway, body: unknown, init?: RequestInit) =>
    gateway.call('/log-level', {
      method: 'PUT',
      headers: { 'content-type': 'application/json', ...(init?.headers as Record<string, string> | undefined) },
      body: JSON.stringify(body),
    });

  it('changes what is logged, and its change is logged whatever the levels are', async () => {
    await using gateway = await start(sandbox, { LOG_LEVEL: 'fatal' });
    await gateway.call('/v1/models');
    expect(gateway.log).toEqual([]);

    const response = await change(gateway, { level: 'debug' });
    expect([response.status, await response.json()]).toEqual([200, { level: 'debug' }]);
    expect(await (await gateway.call('/log-level')).json()).toEqual({ level: 'debug' });
    await gateway.call('/health/liveliness');
    expect(await gateway.logged('the log level was changed')).toMatchObject({
      id: response.headers.get('x-request-id'),
      ...{ actor: 'master', before: 'fatal', after: 'debug' },
    });
    expect(await gateway.logged('/health/liveliness')).toMatchObject({ level: 20 });

    await change(gateway, { level: 'silent' });
    const before = gateway.log.length;
    await gateway.call('/v1/models');
    expect(gateway.log.length).toBe(before);
  });

  it.each([
    [{ level: 'loud' }, { status: 400, code: 'invalid_value', param: 'level' }],
    [{}, { status: 400, code: 'missing_required_parameter', param: 'level' }],
    [
      { level: 'info', more: 1 },
      { status: 400, code: 'unsupported_parameter', param: 'more' },
    ],
  ])('refuses %j', async (body, expected) => {
    await using gateway = await start(sandbox, { LOG_LEVEL: 'warn' });
    await expectError(await change(gateway, body), expected);
    expect(await (await gateway.call('/log-level')).json()).toEqual({ level: 'warn' });
  });

  it('is for the master key alone', async () => {
    await using gateway = await start(sandbox);
    const refused = { status: 403, type: 'permission_error', code: 'key_route_access_denied' };
    await expectError(await gateway.call('/log-level', withKey(STATIC_KEY)), refused);
    await expectError(await change(gateway, { level: 'trace' }, withKey(STATIC_KEY)), refused);
    expect(await (await gateway.call('/log-level')).json()).toEqual({ level: 'silent' });
  });
});
