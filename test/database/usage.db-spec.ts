import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { RollUp } from '../../src/spend/roll-up.js';
import { silent, type TestDatabase, testDatabase } from '../support/database.js';
import { expectError } from '../support/expect-error.js';
import { withKey } from '../support/keys.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';

jest.setTimeout(60_000);

let home: TestDatabase;
let sandbox: Sandbox;
let gateway: RunningGateway;
let shop: string;
let studio: string;

beforeAll(async () => {
  home = await testDatabase();
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
  gateway = await startGateway(sandbox, home.environment);
  shop = await aKey({ key_alias: 'shop', tags: ['prod'], max_budget: 1 });
  studio = await aKey({ key_alias: '=studio', team_id: await aTeam('design') });
  await draw(shop, { user: 'ann', metadata: { tags: ['banner'] } });
  await draw(shop, { model: 'recraft/recraftv2', n: 2 });
  sandbox.fault({ status: 500, body: 'broken' });
  await draw(studio, { user: 'bob, "the" =1' });
  sandbox.fault({ status: 400, body: { code: 'invalid_request', message: 'no' } });
  await draw(studio, {});
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
  await home[Symbol.asyncDispose]();
});

async function aKey(fields: object): Promise<string> {
  return ((await (await gateway.post('/key/generate', fields)).json()) as { key: string }).key;
}

async function aTeam(team_alias: string): Promise<string> {
  return ((await (await gateway.post('/team/new', { team_alias })).json()) as { team_id: string }).team_id;
}

const as = (key: string) => ({ headers: { authorization: `Bearer ${key}` } });

async function draw(key: string, fields: object): Promise<Response> {
  const answer = await gateway.post(
    '/v1/images/generations',
    { model: 'recraft/recraftv3', prompt: 'a fox', ...fields },
    as(key),
  );
  await answer.arrayBuffer();
  return answer;
}

const read = async <T = Record<string, unknown>[]>(path: string, init?: RequestInit): Promise<T> =>
  (await (await gateway.call(path, init)).json()) as T;

interface Page {
  readonly data: Record<string, unknown>[];
  readonly total: number;
  readonly total_pages: number;
}

describe('GET /spend/logs', () => {
  it('lists requests, the newest first, without prompt or picture', async () => {
    const { data, total } = await read<Page>('/spend/logs');

    expect(total).toBe(4);
    expect(
      data.map(({ status, spend, unconfirmed_spend, images }) => ({ status, spend, unconfirmed_spend, images })),
    ).toEqual([
      { status: 'failure', spend: 0, unconfirmed_spend: 0, images: 0 },
      { status: 'possibly_charged', spend: 0, unconfirmed_spend: 0.04, images: 1 },
      { status: 'success', spend: 0.044, unconfirmed_spend: 0, images: 2 },
      { status: 'success', spend: 0.04, unconfirmed_spend: 0, images: 1 },
    ]);
    expect(data[3]).toMatchObject({
      key_alias: 'shop',
      model: 'recraftv3',
      operation: 'generate',
      credits: 40,
      user: 'ann',
      tags: ['prod', 'banner'],
      fault: null,
    });
    expect(JSON.stringify(data)).not.toContain('a fox');
  });

  it.each([
    ['key_alias', 'api_key=shop', 2],
    ['operation', 'operation=vectorize', 0],
    ['model', 'model=recraftv2', 1],
    ['status', 'status=possibly_charged', 1],
    ['user', 'user=ann', 1],
    ['tag', 'tag=prod', 2],
    ['days to come', 'start_date=2999-01-01', 0],
    ['days gone', 'end_date=2001-01-01', 0],
    ['all days', 'start_date=2001-01-01&end_date=2999-01-01', 4],
    ['a request', 'request_id=req_none', 0],
    ['a team', 'team_id=none', 0],
  ])('filters by %s', async (_name, query, count) => {
    expect(await read<Page>(`/spend/logs?${query}`)).toMatchObject({ total: count });
  });

  it('takes the last day there is for no end', async () => {
    expect(await read<Page>('/spend/logs?start_date=0001-01-01&end_date=9999-12-31')).toMatchObject({ total: 4 });
  });

  it('filters by the key itself', async () => {
    expect(await read<Page>(`/spend/logs?api_key=${studio}`)).toMatchObject({ total: 2 });
  });

  it('pages', async () => {
    const page = await read<Page>('/spend/logs?page=2&page_size=3');

    expect(page).toMatchObject({ total: 4, total_pages: 2, data: [{ user: 'ann' }] });
    expect(page.data).toHaveLength(1);
  });

  it('is CSV where that is asked for, and no cell of it a formula', async () => {
    const answer = await gateway.call('/spend/logs?status=possibly_charged', { headers: { accept: 'text/csv' } });
    const [head, line, ...rest] = (await answer.text()).split('\r\n');

    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(head).toMatch(/^request_id,start_time,/);
    expect(line).toContain(",'=studio,");
    expect(line).toContain(',"bob, ""the"" =1",');
    expect(rest).toEqual(['']);
  });

  it('tells with a page of CSV how many rows there are, and where the next are', async () => {
    const csv = { headers: { accept: 'text/csv' } };
    const first = await gateway.call('/spend/logs?page_size=3&start_date=2001-01-01', csv);
    expect(first.headers.get('x-total-count')).toBe('4');
    const [, next = ''] = /^<(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '') ?? [];
    expect(next).toBe('/spend/logs?page_size=3&start_date=2001-01-01&page=2');

    const last = await gateway.call(next, csv);
    expect([last.headers.get('x-total-count'), last.headers.get('link')]).toEqual(['4', null]);
    expect((await last.text()).trim().split('\r\n')).toHaveLength(2);
  });

  it.each(['text/csv; header=present', 'text/csv;charset=UTF-8', 'application/json;q=0.5, text/csv'])(
    'is CSV with Accept: %s',
    async (accept) => {
      const answer = await gateway.call('/spend/logs?page_size=1', { headers: { accept } });
      expect(answer.headers.get('content-type')).toMatch(/^text\/csv;/);
    },
  );

  it.each([
    ['start_date=yesterday', 'invalid_value', 'start_date'],
    ['start_date=2026-02-30', 'invalid_value', 'start_date'],
    ['start_date=2026-02-02&end_date=2026-02-01', 'invalid_value', 'end_date'],
    ['status=maybe', 'invalid_value', 'status'],
    ['page=0', 'integer_below_min_value', 'page'],
    ['alias=shop', 'unsupported_parameter', 'alias'],
  ])('refuses %s', async (query, code, param) => {
    await expectError(await gateway.call(`/spend/logs?${query}`), { status: 400, code, param });
  });
});

describe('Limits of a key without money', () => {
  it('are told as they are: a request that its budget refuses does not count', async () => {
    const key = await aKey({ max_budget: 0, rpm_limit: 5, ipm_limit: 9 });
    for (let n = 0; n < 2; n++) {
      const refused = await gateway.post('/v1/images/generations', { prompt: 'a fox', n: 2 }, withKey(key));
      expect(refused.status).toBe(429);
      const told = ['requests', 'images'].flatMap((what) =>
        ['remaining', 'reset'].map((figure) => refused.headers.get(`x-ratelimit-${figure}-${what}`)),
      );
      expect(told).toEqual(['5', '0s', '9', '0s']);
    }
  });
});

describe('Sums', () => {
  it('by key, team and model', async () => {
    expect(await read('/spend/keys')).toMatchObject([
      { key_alias: 'shop', spend: 0.084, unconfirmed_spend: 0, requests: 2, failed_requests: 0, images: 3 },
      { key_alias: '=studio', spend: 0, unconfirmed_spend: 0.04, requests: 2, failed_requests: 1, images: 1 },
    ]);
    expect(await read('/spend/teams')).toMatchObject([{ team_id: null, spend: 0.084 }, { unconfirmed_spend: 0.04 }]);
    expect(await read('/spend/models')).toMatchObject([
      { model: 'recraftv2', spend: 0.044 },
      { model: 'recraftv3', spend: 0.04 },
    ]);
  });

  it.each(['day', 'key', 'team', 'model'])('of a report by %s come to the whole', async (grouping) => {
    const lines = await read<{ spend: number }[]>(`/global/spend/report?group_by=${grouping}`);

    expect(lines.reduce((sum, { spend }) => sum + spend, 0)).toBeCloseTo(0.084, 6);
  });
});

describe('GET /v1/usage', () => {
  it('tells a key its own figures and nobody else’s', async () => {
    expect(await read('/v1/usage', as(shop))).toMatchObject({
      key_alias: 'shop',
      spend: 0.084,
      max_budget: 1,
      budget_reset_at: null,
      total: { spend: 0.084, requests: 2, images: 3 },
      days: [{ day: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as unknown, spend: 0.084 }],
      models: [{ model: 'recraftv2' }, { model: 'recraftv3' }],
    });
    expect(await read('/v1/usage', as(studio))).toMatchObject({ total: { spend: 0, unconfirmed_spend: 0.04 } });
  });
});

describe('What is for operators', () => {
  it.each(['/spend/logs', '/spend/keys', '/spend/teams', '/spend/models', '/global/spend/report', '/audit'])(
    'is refused to other keys: %s',
    async (path) => {
      await expectError(await gateway.call(path, as(shop)), {
        status: 403,
        type: 'permission_error',
        code: 'key_route_access_denied',
      });
    },
  );
});

describe('Headers of an answer', () => {
  it('tell what the key has spent with it, and may spend', async () => {
    const key = await aKey({ max_budget: 0.5 });
    await draw(key, {});
    const { headers } = await draw(key, {});

    expect(headers.get('x-litellm-key-spend')).toBe('0.08');
    expect(headers.get('x-litellm-key-max-budget')).toBe('0.5');
  });

  it('tell the same where the key has no room any more', async () => {
    const answer = await draw(await aKey({ max_budget: 0.03 }), {});

    expect(answer.status).toBe(429);
    expect(answer.headers.get('x-litellm-key-spend')).toBe('0');
    expect(answer.headers.get('x-litellm-key-max-budget')).toBe('0.03');
  });

  it('tell the same where its team has no room', async () => {
    const team = await gateway.post('/team/new', { max_budget: 0.03 });
    const { team_id } = (await team.json()) as { team_id: string };
    const answer = await draw(await aKey({ team_id, max_budget: 1 }), {});

    expect(answer.status).toBe(429);
    expect(answer.headers.get('x-litellm-key-spend')).toBe('0');
    expect(answer.headers.get('x-litellm-key-max-budget')).toBe('1');
  });
});

describe('A full budget', () => {
  it('is told of in LiteLLM’s words, with whose it is', async () => {
    const team = await gateway.post('/team/new', { team_id: 'small', max_budget: 0.03 });
    expect(team.status).toBe(200);
    const refusal = { status: 429, type: 'budget_exceeded', code: 'budget_exceeded' };
    const named = await aKey({ key_alias: 'full', max_budget: 0.03 });
    const nameless = await aKey({ team_id: 'small' });
    const order = { model: 'recraft/recraftv3', prompt: 'a fox' };
    const told = async (key: string) =>
      expectError(await gateway.post('/v1/images/generations', order, as(key)), refusal);

    expect(await told(named)).toBe(
      'Budget has been exceeded! Current cost: 0, Max budget: 0.03. ' +
        `It is the budget of the key 'full' (sk-...${named.slice(-4)}).`,
    );
    expect(await told(nameless)).toBe(
      'Budget has been exceeded! Current cost: 0, Max budget: 0.03. ' +
        `It is the budget of the team 'small' of the key 'sk-...${nameless.slice(-4)}'.`,
    );
  });
});

describe('GET /audit', () => {
  it('tells who changed what, without secrets', async () => {
    const { data } = await read<Page>('/audit?action=key.generate&page_size=50');

    expect(data.length).toBeGreaterThanOrEqual(2);
    expect(data.at(-1)).toMatchObject({ actor: 'master', before: null, after: { key_alias: 'shop' } });
    expect(JSON.stringify(data)).not.toContain(shop);
    expect(await read<Page>('/audit?subject=nobody')).toMatchObject({ total: 0, data: [] });
  });

  it('names whom litellm-changed-by names', async () => {
    const by = (name: string) => ({ headers: { authorization: `Bearer ${gateway.key}`, 'litellm-changed-by': name } });
    const made = await gateway.post('/key/generate', { key_alias: 'named' }, by('ada'));
    const { token, created_by } = (await made.json()) as Record<string, string>;
    await gateway.post('/key/block', { key: token }, by(''));

    expect(created_by).toBe('ada');
    expect(await read<Page>(`/audit?subject=${token}`)).toMatchObject({
      data: [
        { actor: 'master', action: 'key.block' },
        { actor: 'ada', action: 'key.generate' },
      ],
    });
    expect(await read<Page>('/audit?actor=ada')).toMatchObject({ total: 1 });
    await gateway.post('/key/unblock', { key: token }, by('sk-of-somebody-who-should-not-0123'));
    expect(await read<Page>('/audit?action=key.unblock')).toMatchObject({ data: [{ actor: '***0123' }] });
    const refusal = await gateway.post('/key/generate', {}, by('a'.repeat(201)));
    await expectError(refusal, { status: 400, code: 'invalid_value', param: 'litellm-changed-by' });
  });

  it('shows no secret of what is kept with a key', async () => {
    const key = `sk-abc!def$ghi%jkl:mnop-${randomUUID()}`;
    const metadata = {
      note: `is ${key}`,
      recraft_api_key: 'rk-7c1d',
      password: 12345678,
      db: 'postgres://u:rk-8d@h/d',
    };
    await aKey({ key, key_alias: 'odd', metadata });
    const { data } = await read<Page>('/audit?action=key.generate&page_size=1');

    expect(data).toMatchObject([
      {
        after: {
          key_alias: 'odd',
          metadata: {
            note: `is ***${key.slice(-4)}`,
            recraft_api_key: '***',
            password: '***',
            db: 'postgres://***@h/d',
          },
        },
      },
    ]);
  });
});

describe('GET /health/readiness', () => {
  it('tells of the database', async () => {
    expect(await read('/health/readiness')).toEqual({ status: 'healthy', db: 'connected' });
  });
});

describe('Retention', () => {
  let reportsBefore: unknown[];

  const reports = () =>
    Promise.all(
      ['/spend/keys', '/spend/teams', '/spend/models', '/global/spend/report', '/v1/usage'].map((path) => read(path)),
    );

  const requestsOf = (lines: Record<string, unknown>[]) =>
    lines.reduce((sum, { requests }) => sum + Number(requests), 0);

  beforeEach(async () => {
    reportsBefore = await reports();
  });

  it('leaves the sums as they were, whatever of the log is gone', async () => {
    await gateway.close();
    const database = await home.open();
    const rolled = await new RollUp(database, { seconds: 0 }, silent).run();
    const left = await database.query('select 1 from spend_logs');
    await database.close();
    gateway = await startGateway(sandbox, home.environment);

    expect(rolled).toBe(6);
    expect(left).toEqual([]);
    expect(await reports()).toEqual(reportsBefore);
    await draw(shop, {});
    expect(await read('/spend/keys')).toMatchObject([{ key_alias: 'shop', spend: 0.124, requests: 3 }, {}, {}]);
  });

  it.each(['T00:00:00Z', 'T00:00:00.001Z', 'T12:00:00Z', 'T23:59:59.999Z'])(
    'counts a day in one of two neighbouring periods, wherever they meet: %s',
    async (time) => {
      const instant = `${new Date().toISOString().slice(0, 10)}${time}`;
      const whole = requestsOf(await read('/global/spend/report'));
      const before = requestsOf(await read(`/global/spend/report?end_date=${instant}`));
      const after = requestsOf(await read(`/global/spend/report?start_date=${instant}`));

      expect(whole).toBeGreaterThanOrEqual(6);
      expect(before + after).toBe(whole);
    },
  );

  it('keeps what is younger', async () => {
    await gateway.close();
    const database = await home.open();
    const rolled = await new RollUp(database, { months: 1 }, silent).run();
    await database.close();
    gateway = await startGateway(sandbox, home.environment);

    expect(rolled).toBe(0);
  });
});

describe('A key that was regenerated', () => {
  it('is one row, with what was spent under its former name', async () => {
    const former = await aKey({ key_alias: 'turned' });
    await draw(former, {});
    const answer = await gateway.post('/key/regenerate', { key: former });
    const { key, token } = (await answer.json()) as { key: string; token: string };
    await draw(key, {});
    const rows = [{ api_key: token, key_alias: 'turned', spend: 0.08, requests: 2 }];
    const turned = async () => (await read('/spend/keys')).filter(({ key_alias }) => key_alias === 'turned');

    expect(await turned()).toMatchObject(rows);
    expect(
      (await read('/global/spend/report?group_by=key')).filter(({ key_alias }) => key_alias === 'turned'),
    ).toMatchObject([{ group: token, spend: 0.08, requests: 2 }]);
  });
});
