import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { MetricsServer } from '../../src/telemetry/metrics-server.js';
import { expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { withKey } from '../support/keys.js';
import { aPicture } from '../support/pictures.js';
import { rawPost, RawClient } from '../support/raw-client.js';
import { startTcpServer } from '../support/servers.js';

const GENERATIONS = '/v1/images/generations';
const PICTURE = { created: 1, credits: 40, data: [{ url: 'https://example.com/fox' }] };

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
});

afterEach(() => {
  sandbox.reset();
});

afterAll(() => sandbox.close());

/** A generation that costs the sandbox no drawing. */
function generate(from: RunningGateway, body: object = {}): Promise<Response> {
  sandbox.fault({ path: GENERATIONS, body: PICTURE });
  return from.post(GENERATIONS, { prompt: SECRET_PROMPT, model: 'recraft/recraftv3', ...body });
}

const textOf = async (gateway: RunningGateway): Promise<string> => (await gateway.call('/metrics')).text();

/** The lines of our own metrics, without what Node says of itself. */
const seriesIn = (text: string): string[] => text.split('\n').filter((line) => /^(recraft_|http_|gen_ai_)/.test(line));

describe('Work that no model has a part in', () => {
  it('is counted and logged on none, and what one model always does on that', async () => {
    const image_url = `data:image/png;base64,${(await aPicture()).toString('base64')}`;
    await using gateway = await startGateway(sandbox, { LOG_LEVEL: 'info' });
    sandbox.fault({ body: { created: 1, credits: 10, image: { url: 'https://example.com/fox' } } });
    sandbox.fault({ body: { created: 1, credits: 210, image: { url: 'https://example.com/fox' } } });
    expect((await gateway.post('/v1/images/vectorize', { image_url, model: 'recraft/recraftv3' })).status).toBe(200);
    expect((await gateway.post('/v1/images/enhance', { image_url })).status).toBe(200);
    const series = seriesIn(await textOf(gateway));

    expect(series).toEqual(
      expect.arrayContaining([
        'recraft_gateway_images_generated_total{operation="vectorize",model="none"} 1',
        'recraft_gateway_images_generated_total{operation="enhance",model="recraftv4_1_pro"} 1',
        'recraft_gateway_cost_dollars_total{operation="vectorize",model="none"} 0.01',
        'recraft_gateway_api_units_spent_total{model="none"} 10',
        'recraft_gateway_api_units_spent_total{model="recraftv4_1_pro"} 210',
        expect.stringContaining('gen_ai_request_model="",recraft_operation="vectorize"'),
      ]),
    );
    const line = await gateway.logged('/v1/images/vectorize');
    expect(line).toMatchObject({ operation: 'vectorize', images: 1, costDollars: 0.01 });
    expect(line).not.toHaveProperty('model');
  });
});

describe('/metrics', () => {
  it('counts what was asked, made and spent', async () => {
    await using gateway = await startGateway(sandbox);
    await generate(gateway, { quality: 'hd' });
    await generate(gateway);
    sandbox.fault({ status: 500 });
    await gateway.post(GENERATIONS, { prompt: SECRET_PROMPT, model: 'recraft/recraftv3' });
    const series = seriesIn(await textOf(gateway));

    expect(series).toEqual(
      expect.arrayContaining([
        'recraft_gateway_images_generated_total{operation="generate",model="recraftv3"} 2',
        'recraft_gateway_cost_dollars_total{operation="generate",model="recraftv3"} 0.08',
        'recraft_gateway_api_units_spent_total{model="recraftv3"} 80',
        'recraft_gateway_upstream_requests_total{operation="generate",outcome="success"} 2',
        'recraft_gateway_upstream_requests_total{operation="generate",outcome="upstreamFailed"} 1',
        'recraft_gateway_errors_total{fault="upstreamFailed"} 1',
        'recraft_gateway_ignored_params_total{param="quality"} 1',
        'recraft_gateway_inflight_requests 1',
        `http_server_request_duration_seconds_count{http_request_method="POST",http_route="${GENERATIONS}",http_response_status_code="200"} 2`,
        `http_server_request_duration_seconds_bucket{http_request_method="POST",http_route="${GENERATIONS}",http_response_status_code="200",le="+Inf"} 2`,
      ]),
    );
    const attempts = series.filter((line) => line.startsWith('gen_ai_client_operation_duration_seconds_count'));
    expect(attempts.map((line) => / error_type="(\w*)"/.exec(line.replaceAll(',', ' '))?.[1])).toEqual([
      '',
      'upstreamFailed',
    ]);
  });

  it('counts the bytes of uploads, and those that are held now', async () => {
    await using gateway = await startGateway(sandbox);
    const form = new FormData();
    const picture = new Uint8Array(await aPicture());
    form.set('prompt', SECRET_PROMPT);
    form.set('model', 'recraft/recraftv3');
    form.set('image', new Blob([picture]));
    await (await gateway.call('/v1/images/edits', { method: 'POST', body: form })).text();
    const [, sum] = /^recraft_gateway_upload_bytes_sum (\d+)$/m.exec(await textOf(gateway)) ?? [];

    expect(Number(sum)).toBeGreaterThanOrEqual(picture.length);
    expect(await textOf(gateway)).toContain('recraft_gateway_upload_bytes_in_flight 0\n');
  });

  it('tells how Node itself is: the lag of its event loop', async () => {
    await using gateway = await startGateway(sandbox);
    expect(await textOf(gateway)).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m);
  });

  it('shows slots, queue and state of each account by the id of its first deployment', async () => {
    const models = ['one', 'two'].map((name) => ({
      model_name: name,
      litellm_params: { model: 'recraft/recraftv3', api_key: `key-of-${name}`, max_parallel_requests: 4 },
      model_info: { id: `account-${name}` },
    }));
    await using gateway = await startGateway(sandbox, {
      MODEL_LIST: JSON.stringify(models),
      QUEUE_SIZE: '7',
      DISABLE_COOLDOWNS: 'false',
    });
    sandbox.fault({ path: GENERATIONS, status: 402, body: { code: 'not_enough_credits' } });
    sandbox.configure({ credits: 0 });
    await gateway.post(GENERATIONS, { prompt: SECRET_PROMPT, model: 'one' });
    sandbox.fault({ path: GENERATIONS, body: PICTURE });
    await gateway.post(GENERATIONS, { prompt: SECRET_PROMPT, model: 'two' });
    const text = await textOf(gateway);

    for (const [name, value] of Object.entries({ account_up: 0, account_balance_units: 0 })) {
      expect(text).toContain(`recraft_gateway_${name}{account="account-one"} ${value}\n`);
    }
    const two = { account_up: 1, queue_length: 0, queue_capacity: 7, slots_in_use: 0, slots_left: 4 };
    for (const [name, value] of Object.entries(two)) {
      expect(text).toContain(`recraft_gateway_${name}{account="account-two"} ${value}\n`);
    }
    expect(text).not.toContain('account_balance_units{account="account-two"}');
    expect(text).not.toContain('key-of');
  });
});

describe('The labels of metrics', () => {
  it('stay few and hold nothing that a caller wrote', async () => {
    const wildcard = [{ model_name: 'recraft/*', litellm_params: { model: 'recraft/*' } }];
    await using gateway = await startGateway(sandbox, { MODEL_LIST: JSON.stringify(wildcard) });
    const strange = async (word: string): Promise<void> => {
      sandbox.fault({ path: GENERATIONS, body: PICTURE });
      await gateway.post(GENERATIONS, { prompt: word, model: `recraft/${word}`, user: word });
      await gateway.post(GENERATIONS, { prompt: word, [word]: word, size: word });
      await gateway.call(`/${word}`);
      await gateway.call(`/v1/models/${word}`);
      await gateway.call(`/v1/styles/${word}`, withKey(`sk-${word}`));
      await gateway.call(`/docs/${word}?${word}=${word}`, { method: 'DELETE' });
      using client = await RawClient.connect(gateway.url);
      client.send(rawPost(`/${word}`, gateway.key, {}, ['connection: close']).replace('POST', 'PROPFIND'));
      await client.all();
    };
    await strange('planted-0');
    const before = seriesIn(await textOf(gateway)).length;
    for (let turn = 1; turn < 10; turn++) await strange(`planted-${turn}`);
    const text = await textOf(gateway);

    // The scrape itself is one more series, with its buckets, sum and count.
    expect(seriesIn(text).length - before).toBeLessThanOrEqual(16);
    expect(text).not.toContain('planted');
    expect(text).toContain('model="other"');
    expect(text).toContain('http_request_method="_OTHER"');
  });
});

describe('METRICS_KEY', () => {
  it('opens the metrics and nothing else', async () => {
    await using gateway = await startGateway(sandbox, { METRICS_KEY: 'sk-scraper' });
    const refused = { status: 403, type: 'permission_error', code: 'key_route_access_denied' };

    expect((await gateway.call('/metrics', withKey('sk-scraper'))).status).toBe(200);
    await expectError(await gateway.call('/v1/models', withKey('sk-scraper')), refused);
    await expectError(await gateway.call('/audit', withKey('sk-scraper')), refused);
  });

  it('is a key of its own', async () => {
    await expect(startGateway(sandbox, { METRICS_KEY: 'sk-1234' })).rejects.toThrow(
      'METRICS_KEY is the same key as the master key',
    );
  });
});

describe('METRICS_PORT', () => {
  const on = (gateway: RunningGateway, path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://127.0.0.1:${gateway.get<MetricsServer>(MetricsServer).port}${path}`, init);
  const start = (environment: Record<string, string> = {}) =>
    startGateway(sandbox, { HOST: '127.0.0.1', METRICS_PORT: '0', ...environment });

  it('has the same metrics, without a key', async () => {
    await using gateway = await start();
    await generate(gateway);
    const response = await on(gateway, '/metrics');

    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await response.text()).toContain('recraft_gateway_api_units_spent_total{model="recraftv3"} 40');
    expect((await gateway.call('/metrics', withKey('sk-nobody'))).status).toBe(401);
  });

  it('has nothing else', async () => {
    await using gateway = await start();

    expect((await on(gateway, '/v1/models')).status).toBe(404);
    expect((await on(gateway, '/metrics', { method: 'POST' })).status).toBe(405);
    expect(await (await on(gateway, '/metrics', { method: 'HEAD' })).text()).toBe('');
  });

  it('wants METRICS_KEY where there is one', async () => {
    await using gateway = await start({ METRICS_KEY: 'sk-scraper' });

    expect((await on(gateway, '/metrics')).status).toBe(401);
    expect((await on(gateway, '/metrics', withKey('sk-1234'))).status).toBe(401);
    expect((await on(gateway, '/metrics', withKey('sk-scraper'))).status).toBe(200);
  });

  it('that is taken stops the start', async () => {
    await using taken = await startTcpServer(() => undefined);

    await expect(start({ METRICS_PORT: new URL(taken.url).port })).rejects.toThrow('EADDRINUSE');
  });
});
