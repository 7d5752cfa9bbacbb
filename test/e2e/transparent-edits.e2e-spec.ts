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
    const told = await expectError(response, { status: 424, type: 'server_error', code: 'failed_after_charge' });
    expect(told).toContain('failed with status 500. What was done before is charged');
    expect(await charged.logged('"msg":"request"')).toMatchObject({
      status: 424, operation: 'imageToImage', costDollars: cost, fault: 'failedAfterCharge',
    });
    const metrics = await (await charged.call('/metrics')).text();
    expect(metrics).toContain(`recraft_gateway_cost_dollars_total{operation="imageToImage",model="recraftv3"} ${cost}\n`);
    expect(metrics).not.toMatch(/recraft_gateway_images_generated_total\{/);
  }); // prettier-ignore

  const paths = (): unknown[] => sandbox.requests().map(({ path }) => path.split('/').at(-1));
  const edit = async (at: RunningGateway): Promise<OpenAI.ImagesResponse> => {
    const client = new OpenAI({ baseURL: `${at.url}/v1`, apiKey: at.key }); // Repeats twice, as it does by itself.
    const image = await toFile(picture, 'a.png');
    return client.images.edit({ image, prompt: 'a cake', model: 'recraft/recraftv3', background: 'transparent' });
  };

  it.each([503, 429])('is not paid again by the official client where the second operation fails with %i', async (status) => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true' });
    sandbox.fault({ path: REMOVAL, status, times: 3 });
    const error = (await edit(charged).catch((thrown: unknown) => thrown)) as InstanceType<typeof OpenAI.APIError>;
    expect([error.status, error.code]).toEqual([424, 'failed_after_charge']);
    expect([error.headers?.get('x-should-retry'), error.headers?.get('retry-after')]).toEqual(['false', null]);
    expect(paths()).toEqual(['imageToImage', 'removeBackground']);
  }); // prettier-ignore

  it.each([503, 429])('is made all the same where the second operation fails once with %i: it alone is sent again', async (status) => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true', NUM_RETRIES: '2' });
    sandbox.fault({ path: REMOVAL, status, headers: { 'retry-after': '1' } });
    expect((await edit(charged)).data).toHaveLength(1);
    expect(paths()).toEqual(['imageToImage', 'removeBackground', 'removeBackground']);
  }); // prettier-ignore

  it('that a client repeats all the same is told its failure again, and nothing is paid', async () => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true' });
    const expected = { status: 424, type: 'server_error', code: 'failed_after_charge' };
    sandbox.fault({ path: REMOVAL, status: 503 });
    await expectError(await charged.post('/v1/images/edits', { ...body(), n: 1 }), expected);
    const again = await charged.post('/v1/images/edits', { ...body(), n: 1 }, { headers: { 'x-stainless-retry-count': '1' } });
    await expectError(again, expected);
    expect(paths()).toEqual(['imageToImage', 'removeBackground']);
  }); // prettier-ignore

  it('that fails for a reason that no client repeats keeps its status', async () => {
    await using charged = await startGateway(sandbox, { ALLOW_SECOND_CHARGE: 'true' });
    sandbox.fault({ path: REMOVAL, status: 422, body: { code: 'odd' } });
    const response = await charged.post('/v1/images/edits', { ...body(), n: 1 });
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([422, 'false']);
  });

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
