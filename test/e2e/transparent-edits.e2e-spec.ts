import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import OpenAI, { toFile } from 'openai';
import sharp from 'sharp';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';

const WIDTH = 512;
const HEIGHT = 384;

// Several pictures are drawn and decoded in each of these tests.
jest.setTimeout(30_000);

let sandbox: Sandbox;
let gateway: RunningGateway;
let picture: Buffer;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, credits: 1_000_000 });
  gateway = await startGateway(sandbox);
  picture = await aPicture({ width: WIDTH, height: HEIGHT });
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.reset();
});

describe('A transparent background', () => {
  const body = () => ({
    image: `data:image/png;base64,${picture.toString('base64')}`,
    prompt: 'a cake',
    model: 'recraft/recraftv3',
    background: 'transparent',
    n: 2,
  });

  it('is refused where no second charge is allowed, and for what is no edit', async () => {
    const expected = { status: 400, code: 'unsupported_value', param: 'background' };
    expect(await expectError(await gateway.post('/v1/images/edits', body()), expected)).toContain('second charge');
    await expectError(
      await gateway.post('/v1/images/generations', { prompt: 'x', background: 'transparent' }),
      expected,
    );
    expect(sandbox.requests()).toEqual([]);
  });

  it('is made by a second operation for each picture, and both are in the cost', async () => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true' });
    const response = await charged.post('/v1/images/edits', {
      ...body(),
      response_format: 'b64_json',
      output_format: 'png',
    });
    const answer = (await response.json()) as OpenAI.ImagesResponse & { credits: number };
    expect(sandbox.requests().map(({ path }) => path.split('/').at(-1))).toEqual([
      'imageToImage',
      'removeBackground',
      'removeBackground',
    ]);
    expect(answer.credits).toBe(100);
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.1');
    for (const { b64_json = '' } of answer.data ?? []) {
      expect(await sharp(Buffer.from(b64_json, 'base64')).metadata()).toMatchObject({ format: 'png', hasAlpha: true });
    }
    const links = (await (await charged.post('/v1/images/edits', body())).json()) as OpenAI.ImagesResponse;
    expect(links.data?.map(({ url }) => typeof url)).toEqual(['string', 'string']);
  });

  it('comes in a stream, too', async () => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true' });
    const client = new OpenAI({ baseURL: `${charged.url}/v1`, apiKey: charged.key, maxRetries: 0 });
    const image = await toFile(picture, 'a.png');
    const order = { image, prompt: 'a cake', model: 'recraft/recraftv3', background: 'transparent', n: 2 } as const;
    const events: unknown[] = [];
    for await (const event of await client.images.edit({ ...order, output_format: 'png', stream: true })) {
      const { hasAlpha, format } = await sharp(Buffer.from(event.b64_json, 'base64')).metadata();
      events.push([event.type, event.background, event.output_format, format, hasAlpha]);
    }
    const expected = ['image_edit.completed', 'transparent', 'png', 'png', true];
    expect(events).toEqual([expected, expected]);
  });

  const REMOVAL = '/v1/images/removeBackground';
  const pictureOf = async (): Promise<string> => (await sharp(picture).png().toBuffer()).toString('base64');

  it.each([
    ['the first of two removals', [{ path: REMOVAL, status: 500 }], 0.08],
    ['the second of two removals', [{ path: REMOVAL }, { path: REMOVAL, status: 500 }], 0.09],
  ])('that fails at %s is an error that says what was charged, and so do log and metrics', async (_what, faults, cost) => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true', LOG_LEVEL: 'info' });
    sandbox.fault(...faults);
    const response = await charged.post('/v1/images/edits', body());
    expect(response.headers.get('x-litellm-response-cost')).toBe(String(cost));
    await expectError(response, { status: 502, type: 'server_error', code: 'upstream_error' });
    expect(await charged.logged('"msg":"request"')).toMatchObject({
      status: 502, operation: 'imageToImage', costDollars: cost, fault: 'upstreamFailed',
    });
    const metrics = await (await charged.call('/metrics')).text();
    expect(metrics).toContain(`recraft_gateway_cost_dollars_total{operation="imageToImage",model="recraftv3"} ${cost}\n`);
    expect(metrics).not.toMatch(/recraft_gateway_images_generated_total\{/);
  }); // prettier-ignore

  it('costs the price of both where Recraft does not say what it charged, and that of the first where the second fails', async () => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true' });
    const b64_json = await pictureOf();
    const [first, second] = [{ body: { data: [{ b64_json }] } }, { body: { image: { b64_json } } }];
    sandbox.fault(first, second, first, { status: 422, body: { code: 'odd' } });
    const whole = await charged.post('/v1/images/edits', { ...body(), n: 1 });
    expect([whole.status, whole.headers.get('x-litellm-response-cost')]).toEqual([200, '0.05']);
    const half = await charged.post('/v1/images/edits', { ...body(), n: 1 });
    expect([half.status, half.headers.get('x-litellm-response-cost')]).toEqual([422, '0.04']);
  });

  it('has no cost in the error where nothing was charged', async () => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true' });
    sandbox.fault({ status: 422, body: { code: 'odd' } });
    const response = await charged.post('/v1/images/edits', body());
    expect([response.status, response.headers.get('x-litellm-response-cost')]).toEqual([422, null]);
  });
});
