import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { IncomingHttpHeaders } from 'node:http';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { OtlpCollector, type OtlpSpan } from '../support/otlp-collector.js';
import { startHttpServer } from '../support/servers.js';

const GENERATIONS = '/v1/images/generations';
const PICTURE = { created: 1, credits: 40, data: [{ url: 'https://example.com/fox' }] };
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const CALLER = 'b7ad6b7169203331';
const SERVER = 2;
const CLIENT = 3;
const ERROR = 2;

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
});

afterEach(() => {
  sandbox.reset();
});

afterAll(() => sandbox.close());

/** A gateway that sends all it knows to a collector; it is closed, and so has sent it, when the test looks. */
async function traced(
  talk: (gateway: RunningGateway) => Promise<unknown>,
  environment: Record<string, string> = {},
): Promise<OtlpCollector> {
  const collector = await OtlpCollector.start();
  await using gateway = await startGateway(sandbox, {
    OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/`,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    ...environment,
  });
  await talk(gateway);
  return collector;
}

function generate(gateway: RunningGateway, headers: Record<string, string> = {}, body: object = {}): Promise<Response> {
  return gateway.post(GENERATIONS, { prompt: SECRET_PROMPT, model: 'recraft/recraftv3', ...body }, { headers });
}

const serverSpan = (spans: readonly OtlpSpan[]): OtlpSpan | undefined => spans.find(({ kind }) => kind === SERVER);

describe('The trace of a request', () => {
  it('has a span of the server, one for each step, and one of the call to Recraft', async () => {
    await using collector = await traced((gateway) => {
      sandbox.fault({ path: GENERATIONS, body: PICTURE });
      return generate(gateway, {}, { n: 2 });
    });
    const spans = collector.spans();
    const server = serverSpan(spans);

    expect(spans.map(({ name }) => name).sort()).toEqual(
      [
        ...[`POST ${GENERATIONS}`, 'authenticate', 'receive', 'prepare', 'admit', 'reserve', 'queue'],
        ...['generate_content recraftv3', 'settle'],
      ].sort(),
    );
    expect(server).toMatchObject({
      name: `POST ${GENERATIONS}`,
      attributes: {
        'http.request.method': 'POST',
        'http.route': GENERATIONS,
        'http.response.status_code': 200,
        'image_gateway.key.alias': 'master',
        'image_gateway.cost.dollars': 0.04,
      },
    });
    for (const span of spans.filter((each) => each !== server)) {
      expect(span).toMatchObject({ traceId: server?.traceId, parentSpanId: server?.spanId });
      expect(BigInt(span.endTimeUnixNano)).toBeGreaterThanOrEqual(BigInt(span.startTimeUnixNano));
    }
  });

  it('describes the call to Recraft by the GenAI conventions', async () => {
    await using collector = await traced(async (gateway) => {
      sandbox.fault({ path: GENERATIONS, body: PICTURE });
      await generate(gateway, {}, { n: 2, random_seed: 42, stream: true });
    });
    const { hostname, port } = new URL(sandbox.url);

    expect(collector.spans().find(({ kind }) => kind === CLIENT)?.attributes).toMatchObject({
      'gen_ai.operation.name': 'generate_content',
      'gen_ai.provider.name': 'recraft',
      'gen_ai.request.model': 'recraftv3',
      'gen_ai.output.type': 'image',
      'gen_ai.request.choice.count': 2,
      'gen_ai.request.seed': 42,
      'gen_ai.request.stream': true,
      'recraft.operation': 'generate',
      'server.address': hostname,
      'server.port': Number(port),
    });
  });

  it('names no model where none has a part in the work', async () => {
    await using collector = await traced(async (gateway) => {
      sandbox.fault({ body: { colors: [], mapping: [], credits: 0 } });
      await gateway.post('/v1/colors/optimize', {
        colors: [{ hex: '#1e90ff' }, { hex: '#f5b041' }],
        num_colors_limit: 1,
      });
    });
    const span = collector.spans().find(({ kind }) => kind === CLIENT);

    expect(span?.name).toBe('generate_content');
    expect(span?.attributes).toMatchObject({ 'recraft.operation': 'optimizeColors' });
    expect(span?.attributes).not.toHaveProperty('gen_ai.request.model');
  });

  it('shows each attempt, and what went wrong', async () => {
    await using collector = await traced(
      async (gateway) => {
        sandbox.fault({ status: 429 }, { path: GENERATIONS, body: PICTURE });
        expect((await generate(gateway)).status).toBe(200);
        sandbox.fault({ status: 500 });
        expect((await generate(gateway)).status).toBe(502);
      },
      { NUM_RETRIES: '1' },
    );
    const attempts = collector.spans().filter(({ kind }) => kind === CLIENT);
    const failed = collector.spans().find(({ kind, status }) => kind === SERVER && status.code === ERROR);

    expect(attempts.map(({ attributes }) => attributes['error.type'])).toEqual([
      'upstreamRateLimited',
      undefined,
      'upstreamFailed',
    ]);
    expect(attempts[1]?.attributes['http.request.resend_count']).toBe(1);
    expect(failed?.attributes).toMatchObject({ 'error.type': 'upstreamFailed', 'http.response.status_code': 502 });
  });

  it('has no route where none answers to the path, and says so in the metrics too', async () => {
    await using collector = await traced((gateway) => gateway.call('/no-such-path'));
    const span = serverSpan(collector.spans());
    const points = collector.metrics().get('http.server.request.duration')?.points;

    expect(span?.name).toBe('GET');
    expect(span?.attributes).not.toHaveProperty('http.route');
    expect(points?.map(({ attributes }) => attributes)).toEqual([
      { 'http.request.method': 'GET', 'http.response.status_code': 404 },
    ]);
  });

  it('is not begun for probes and scrapes', async () => {
    await using collector = await traced(async (gateway) => {
      for (const path of ['/health/liveliness', '/health/readiness', '/metrics', '/v1/models'])
        await gateway.call(path);
    });

    expect(collector.spans().filter(({ kind }) => kind === SERVER)).toMatchObject([{ name: 'GET /v1/models' }]);
  });

  it('calls nothing of a caller’s mistake an error of the server’s', async () => {
    await using collector = await traced((gateway) => generate(gateway, {}, { n: 100 }));

    expect(serverSpan(collector.spans())).toMatchObject({ attributes: { 'http.response.status_code': 400 } });
    expect(serverSpan(collector.spans())?.status.code).not.toBe(ERROR);
  });

  it('continues the caller’s, and the log names it', async () => {
    let line: Record<string, unknown> = {};
    await using collector = await traced(
      async (gateway) => {
        sandbox.fault({ path: GENERATIONS, body: PICTURE });
        await generate(gateway, { traceparent: `00-${TRACE}-${CALLER}-01` });
        line = await gateway.logged('"msg":"request"');
      },
      { LOG_LEVEL: 'info' },
    );

    expect(serverSpan(collector.spans())).toMatchObject({ traceId: TRACE, parentSpanId: CALLER });
    expect(line).toMatchObject({ traceId: TRACE });
  });

  it.each([
    ['false', [undefined, undefined, undefined]],
    ['true', [expect.stringMatching(`^00-${TRACE}-[0-9a-f]{16}-01$`), undefined, undefined]],
  ])('is told to Recraft where that is wanted, and nothing else of it: %s', async (wanted, expected) => {
    const asked: IncomingHttpHeaders[] = [];
    await using upstream = await startHttpServer((request, response) => {
      asked.push(request.headers);
      response.end(JSON.stringify(PICTURE));
    });
    await using collector = await OtlpCollector.start();
    await using gateway = await startGateway(upstream, {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      TRACEPARENT_TO_RECRAFT: wanted,
    });
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: 'theirs=1', baggage: 'who=me' };
    expect((await generate(gateway, headers)).status).toBe(200);

    expect(asked.map(({ traceparent, tracestate, baggage }) => [traceparent, tracestate, baggage])).toEqual([expected]);
  });

  it('holds no prompt, no key and no file, whatever goes wrong', async () => {
    const planted = 'planted-for-the-trace';
    await using collector = await traced(async (gateway) => {
      sandbox.fault({ path: GENERATIONS, status: 400, body: { code: 'odd', message: `${planted} is not allowed` } });
      await generate(gateway, {}, { prompt: planted });
      await generate(gateway, {}, { prompt: planted, size: planted });
      await generate(gateway, {}, { prompt: planted, model: `recraft/${planted}` });
      await gateway.call(`/${planted}`);
      await gateway.post(GENERATIONS, `{"prompt": "${planted}`);
      await gateway.call('/v1/models', { headers: { authorization: `Bearer sk-${planted}` } });
    });
    const everything = collector.received.map(({ body }) => body).join('\n');

    expect(collector.spans().length).toBeGreaterThan(6);
    expect(everything).not.toContain(planted);
    expect(everything).not.toContain('test-key');
    expect(everything).not.toContain('sk-1234');
  });
});

describe('Which traces are recorded', () => {
  const parent = (sampled: boolean) => ({ traceparent: `00-${TRACE}-${CALLER}-0${Number(sampled)}` });

  it.each([
    ['parentbased_always_on', '1', [true, true, false]],
    ['always_on', '1', [true, true, true]],
    ['always_off', '1', [false, false, false]],
    ['traceidratio', '0', [false, false, false]],
    ['parentbased_traceidratio', '0', [false, true, false]],
  ])('is decided by %s with %s', async (OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, expected) => {
    const settings = { OTEL_TRACES_SAMPLER, OTEL_TRACES_SAMPLER_ARG, OTEL_RESOURCE_ATTRIBUTES: 'team=house%20style' };
    await using collector = await traced(async (gateway) => {
      for (const headers of [{}, parent(true), parent(false)]) await gateway.call('/v1/models', { headers });
    }, settings);
    const recorded = collector.spans().filter(({ kind }) => kind === SERVER);

    expect(recorded).toHaveLength(expected.filter(Boolean).length);
    expect(collector.resource()).toMatchObject({ team: 'house style', 'service.name': 'image-gateway' });
  });
});

describe('What a collector is sent', () => {
  it('are the metrics of /metrics, those of the conventions under their own names', async () => {
    let text = '';
    await using collector = await traced(
      async (gateway) => {
        sandbox.fault({ path: GENERATIONS, body: PICTURE });
        await generate(gateway);
        text = await (await gateway.call('/metrics')).text();
      },
      { OTEL_SERVICE_NAME: 'pictures' },
    );
    const metrics = collector.metrics();
    const operation = metrics.get('gen_ai.client.operation.duration');

    expect(collector.resource()).toMatchObject({ 'service.name': 'pictures' });
    expect(operation).toMatchObject({ unit: 's' });
    expect(operation?.points).toHaveLength(1);
    expect(operation?.points[0]?.attributes).toEqual({
      'gen_ai.operation.name': 'generate_content',
      'gen_ai.provider.name': 'recraft',
      'gen_ai.request.model': 'recraftv3',
      'recraft.operation': 'generate',
      'server.address': '127.0.0.1',
    });
    expect(operation?.points[0]).toMatchObject({ count: 1, explicitBounds: expect.arrayContaining([0.01, 327.68]) });
    expect(metrics.get('http.server.request.duration')?.unit).toBe('s');
    expect(metrics.get('recraft_gateway_images_generated_total')?.points).toMatchObject([
      { attributes: { operation: 'generate', model: 'recraftv3' }, asDouble: 1 },
    ]);
    const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name = '']) => name);
    const ours = names.filter((name) => name.startsWith('recraft_gateway_') && text.includes(`\n${name}`));
    for (const name of ours) expect([...metrics.keys()]).toContain(name);
  });

  it('goes there as protobuf, with the headers of the settings', async () => {
    const headers = { OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=fox%20den,authorization=Bearer%20secret' };
    await using collector = await traced((gateway) => gateway.call('/v1/models'), {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      ...headers,
    });

    for (const path of ['/v1/traces', '/v1/metrics']) {
      const sent = collector.received.find((each) => each.path === path);
      expect(sent?.headers).toMatchObject({
        'content-type': 'application/x-protobuf',
        'x-tenant': 'fox den',
        authorization: 'Bearer secret',
      });
      expect(sent?.body).toContain(path === '/v1/traces' ? 'GET /v1/models' : 'http.server.request.duration');
    }
  });

  it('is missed by nobody where there is no collector: requests are answered, and the log says so', async () => {
    const collector = await OtlpCollector.start();
    const { url } = collector;
    await collector[Symbol.asyncDispose]();
    await using gateway = await startGateway(sandbox, {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_METRIC_EXPORT_INTERVAL: '100',
      LOG_LEVEL: 'warn',
    });

    expect((await gateway.call('/health/liveliness')).status).toBe(200);
    expect(await gateway.logged('traces or metrics could not be sent')).toMatchObject({ level: 40 });
  }, 20_000);
});

describe('Where no traces are wanted', () => {
  it('the log still names the trace that the caller says it is in', async () => {
    await using gateway = await startGateway(sandbox, { LOG_LEVEL: 'info' });
    await gateway.call('/v1/models', { headers: { traceparent: `00-${TRACE}-${CALLER}-00` } });

    expect(await gateway.logged('"msg":"request"')).toMatchObject({ traceId: TRACE });
  });
});
