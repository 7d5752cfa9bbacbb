import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { onPostgres, type TestDatabase, testDatabase } from '../support/database.js';
import { expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';

jest.setTimeout(30_000);

const GENERATIONS = '/v1/images/generations';
const body = { prompt: SECRET_PROMPT, model: 'recraft/recraftv3' };
const ONE_PICTURE = 40;

let sandbox: Sandbox;
let home: TestDatabase;

const keyed = (key: string): RequestInit => ({ headers: { 'idempotency-key': key } });

function start(environment: Readonly<Record<string, string>> = {}): Promise<RunningGateway> {
  return startGateway(sandbox, { ...home.environment, FINISH_ABANDONED: 'true', ...environment });
}

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
  home = await testDatabase();
});

afterEach(() => {
  sandbox.reset();
});

afterAll(async () => {
  await sandbox.close();
  await home[Symbol.asyncDispose]();
});

describe('An answer under an Idempotency-Key', () => {
  it('is given again by the next process, byte for byte, pictures as base64 too', async () => {
    const asked = { ...body, response_format: 'b64_json' };
    const first = await start();
    const answer = await first.post(GENERATIONS, asked, keyed('restart'));
    const text = await answer.text();
    await first.close();

    await using second = await start();
    const again = await second.post(GENERATIONS, asked, keyed('restart'));
    expect(await again.text()).toBe(text);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.headers.get('content-type')).toBe(answer.headers.get('content-type'));
    expect(again.headers.get('x-litellm-response-cost')).toBe(answer.headers.get('x-litellm-response-cost'));
    expect(again.headers.get('x-request-id')).not.toBe(answer.headers.get('x-request-id'));
    await expectError(await second.post(GENERATIONS, { ...asked, n: 2 }, keyed('restart')), {
      status: 422,
      code: 'idempotency_key_reused',
      param: 'Idempotency-Key',
    });
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('is given again under the key that has taken the place of the first one', async () => {
    await using gateway = await start();
    const renew = async (path: string, fields: object): Promise<RequestInit> => {
      const made = (await (await gateway.post(path, fields)).json()) as { key: string };
      return { headers: { authorization: `Bearer ${made.key}`, 'idempotency-key': 'renewed' } };
    };
    const old = await renew('/key/generate', { key: 'sk-about-to-be-renewed-0123456789' });
    const answer = await gateway.post(GENERATIONS, body, old);
    const text = await answer.text();

    const renewed = await renew('/key/regenerate', { key: 'sk-about-to-be-renewed-0123456789' });
    const again = await gateway.post(GENERATIONS, body, renewed);
    expect(await again.text()).toBe(text);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('is paid anew where its first caller gave up before it was sent', async () => {
    await using gateway = await start();
    for (let n = 0; n < 10; n++) {
      const cut = new AbortController();
      const init = keyed(`given-up-${n}`);
      const first = gateway.post(GENERATIONS, body, { ...init, signal: cut.signal }).catch(() => undefined);
      // While the ledger is asked.
      await new Promise((resolve) => setTimeout(resolve, n));
      cut.abort();
      const answer = await gateway.post(GENERATIONS, body, init);
      expect([answer.status, answer.status === 200 ? '' : await answer.text()]).toEqual([200, '']);
      await first;
    }
  });

  it('is told as lost by the next process where it was too large to be kept', async () => {
    const asked = { ...body, response_format: 'b64_json' };
    const first = await start({ ANSWER_MEMORY_BYTES: '1000' });
    expect((await first.post(GENERATIONS, asked, keyed('large'))).status).toBe(200);
    await first.close();

    await using second = await start();
    await expectError(await second.post(GENERATIONS, asked, keyed('large')), { status: 410, code: 'answer_lost' });
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('that may have been charged and failed is told as that by the next process', async () => {
    sandbox.fault({ status: 500, charged: true, body: 'broken' });
    const first = await start();
    expect((await first.post(GENERATIONS, body, keyed('doubt'))).status).toBe(502);
    await first.close();

    await using second = await start();
    const answer = await second.post(GENERATIONS, body, keyed('doubt'));
    await expectError(answer, { status: 502, type: 'server_error', code: 'upstream_error' });
    expect(answer.headers.get('x-should-retry')).toBe('false');
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('that cost nothing leaves the key free', async () => {
    sandbox.fault({ status: 400, body: { code: 'invalid_request_parameter', message: 'no' } });
    const first = await start();
    expect((await first.post(GENERATIONS, body, keyed('free'))).status).toBe(400);
    await first.close();

    await using second = await start();
    expect((await second.post(GENERATIONS, body, keyed('free'))).status).toBe(200);
  });

  it('is in doubt where its process was lost, and is not asked for again', async () => {
    const first = await start();
    expect((await first.post(GENERATIONS, body, keyed('crash'))).status).toBe(200);
    await first.close();
    const database = await home.open();
    await database.query(
      `update idempotent_answers set state = 'running', running_until = now() - interval '1 s' where key = 'crash'`,
    );
    await database.close();

    await using second = await start();
    await expectError(await second.post(GENERATIONS, body, keyed('crash')), {
      status: 502,
      type: 'server_error',
      code: 'upstream_error',
    });
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('is forgotten when its time is over', async () => {
    const first = await start({ IDEMPOTENCY_TTL_MS: '1' });
    await first.post(GENERATIONS, body, keyed('short'));
    await first.close();

    await using second = await start();
    await second.post(GENERATIONS, body, keyed('short'));
    expect(sandbox.charges().total).toBe(2 * ONE_PICTURE);
  });
});

(onPostgres ? describe : describe.skip)('Two gateways over one database', () => {
  it('pay once for one key: the second waits for the first', async () => {
    await using first = await start();
    await using second = await start();
    sandbox.fault({ delayMs: 500 });
    const one = first.post(GENERATIONS, body, keyed('shared'));
    await sandbox.nextRequest();
    const other = second.post(GENERATIONS, body, keyed('shared'));
    expect(await (await other).text()).toBe(await (await one).text());
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('say once that it is a copy, also to one who joins the second', async () => {
    await using first = await start();
    await using second = await start();
    sandbox.fault({ delayMs: 500 });
    const one = first.post(GENERATIONS, body, keyed('copies'));
    await sandbox.nextRequest();
    const others = await Promise.all([1, 2].map(() => second.post(GENERATIONS, body, keyed('copies'))));
    expect(others.map(({ headers }) => headers.get('idempotent-replayed'))).toEqual(['true', 'true']);
    const { headers } = await one;
    for (const other of others) {
      expect(other.headers.get('content-security-policy')).toBe(headers.get('content-security-policy'));
    }
  });

  it('pay once for many requests at the same time', async () => {
    await using first = await start();
    await using second = await start();
    sandbox.configure({ latencyMs: 100 });
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, n) => {
        const answer = await (n % 2 === 0 ? first : second).post(GENERATIONS, body, keyed('crowd'));
        return answer.text();
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('answer 409 to the second when its own time is over', async () => {
    await using first = await start();
    await using second = await start();
    sandbox.fault({ held: true });
    const one = first.post(GENERATIONS, body, keyed('hasty'));
    await sandbox.nextRequest();
    const hasty = await second.post(GENERATIONS, body, {
      headers: { 'idempotency-key': 'hasty', 'x-litellm-timeout': '0.2' },
    });
    await expectError(hasty, { status: 409, code: 'idempotency_key_in_use', param: 'Idempotency-Key' });
    sandbox.release();
    expect((await one).status).toBe(200);
    expect(sandbox.charges().total).toBe(ONE_PICTURE);
  });

  it('answer 409 instead of waiting, where the operator wants it', async () => {
    await using first = await start();
    await using second = await start({ IDEMPOTENCY_WHILE_RUNNING: 'conflict' });
    sandbox.fault({ held: true });
    const one = first.post(GENERATIONS, body, keyed('conflict'));
    await sandbox.nextRequest();
    await expectError(await second.post(GENERATIONS, body, keyed('conflict')), {
      status: 409,
      code: 'idempotency_key_in_use',
      param: 'Idempotency-Key',
    });
    sandbox.release();
    expect((await one).status).toBe(200);
  });
});
