import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError, type ExpectedError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';

const GENERATIONS = '/v1/images/generations';

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start({ requestsPerSecond: 0 });
  gateway = await startGateway(sandbox);
});

afterEach(() => {
  sandbox.reset();
});

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

const generate = () => gateway.post(GENERATIONS, { prompt: SECRET_PROMPT });

const server = 'server_error';
const FINAL = { 'x-should-retry': 'false', 'retry-after': null };
const SOON = (seconds: number) => ({ 'x-should-retry': null, 'retry-after': String(seconds) });
const SILENT = { 'x-should-retry': null, 'retry-after': null };

const credentials = { status: 502, type: server, code: 'upstream_auth_failed' };
const failed = { status: 502, type: server, code: 'upstream_error' };
const timeout = { status: 504, type: server, code: 'upstream_timeout' };
const busy = { status: 503, type: 'service_unavailable_error', code: 'upstream_overloaded' };
const limited = { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded' };
const broke = { status: 429, type: 'insufficient_quota', code: 'credit_balance_exhausted' };

/** What Recraft says, what the caller is told with a text or a broken body, with its code where that differs, and when to try again. */
const TABLE: readonly (readonly [number, ExpectedError, string, Record<string, string | null>])[] = [
  [400, { status: 400, code: 'upstream_refused' }, 'recraft_code', SILENT],
  [401, credentials, credentials.code, FINAL],
  [402, broke, broke.code, FINAL],
  [403, credentials, credentials.code, FINAL],
  [404, failed, failed.code, FINAL],
  [405, failed, failed.code, FINAL],
  [408, timeout, timeout.code, FINAL],
  [409, { status: 400, code: 'upstream_refused' }, 'recraft_code', SILENT],
  [413, { status: 413, code: 'request_too_large' }, 'request_too_large', SILENT],
  [422, { status: 422, code: 'upstream_unprocessable' }, 'recraft_code', SILENT],
  [429, limited, limited.code, SOON(1)],
  [500, failed, failed.code, FINAL],
  [502, failed, failed.code, FINAL],
  [503, busy, busy.code, SOON(2)],
  [504, timeout, timeout.code, FINAL],
  [302, failed, failed.code, FINAL],
];

function retryHeadersOf({ headers }: Response): Record<string, string | null> {
  return { 'x-should-retry': headers.get('x-should-retry'), 'retry-after': headers.get('retry-after') };
}

describe.each(TABLE)('Recraft answers %i', (status, expected, codeOfJson, retryHeaders) => {
  it.each([
    ['JSON', { code: 'recraft_code', message: 'something is off' }, undefined],
    ['JSON called text', '{"code":"recraft_code","message":"something is off"}', 'text/plain'],
  ])('as %s', async (_, body, contentType) => {
    sandbox.fault({ status, body, ...(contentType !== undefined && { contentType }) });
    const response = await generate();
    expect(retryHeadersOf(response)).toEqual(retryHeaders);
    await expectError(response, { ...expected, code: codeOfJson });
  });

  it.each([
    ['text', 'request unauthorized', 'text/plain; charset=utf-8'],
    ['a page', '<html><h1>Bad Gateway</h1></html>', 'text/html'],
    ['broken JSON', '{"code":"recraft_c', 'application/json'],
    ['nothing', '', 'application/json'],
  ])('as %s', async (_, body, contentType) => {
    sandbox.fault({ status, body, contentType });
    const response = await generate();
    expect(retryHeadersOf(response)).toEqual(retryHeaders);
    expect(await expectError(response, expected)).not.toContain('<');
  });
});

describe('A refusal of Recraft’s', () => {
  it.each([
    ['invalid_model', "model 'x' is unknown", { status: 404, code: 'model_not_found', param: 'model' }],
    ['', 'prompt length should be in [1, 1000]', { status: 400, code: 'upstream_refused', param: 'prompt' }],
    ['', "Parameter 'n' must be between 1 and 6", { status: 400, code: 'upstream_refused', param: 'n' }],
    ['', "Recraft V3 doesn't support 1x1 image size", { status: 400, code: 'upstream_refused', param: 'size' }],
    ['', "Recraft V4 doesn't support style 'x'", { status: 400, code: 'upstream_refused', param: 'style' }],
    ['', 'Style not found or not accessible', { status: 400, code: 'upstream_refused', param: 'style_id' }],
    [
      'invalid_image_format',
      'min image dimension should be no less than 256',
      { status: 400, type: 'image_generation_user_error', code: 'invalid_image_format', param: 'image' },
    ],
    ['moderation', 'no', { status: 400, type: 'image_generation_user_error', code: 'moderation_blocked' }],
    ['insufficient_balance', 'Not enough API units', broke],
  ])('is told apart: %s %s', async (code, message, expected) => {
    sandbox.fault({ status: 400, body: { code, message } });
    await expectError(await generate(), expected);
  });

  it('is passed on in its own words', async () => {
    sandbox.fault({ status: 400, body: { code: 'odd', message: 'the moon is not full' } });
    expect(await expectError(await generate(), { status: 400, code: 'odd' })).toContain('the moon is not full');
  });

  it('is cut where it is very long', async () => {
    sandbox.fault({ status: 422, body: { code: 'odd', message: 'x'.repeat(100_000) } });
    expect((await expectError(await generate(), { status: 422, code: 'odd' })).length).toBeLessThan(1_100);
  });

  it.each([
    [
      { code: 'invalid_model', message: 'unknown' },
      { status: 404, code: 'model_not_found', param: 'model' },
    ],
    [
      { code: 'odd', message: 'refused all the same' },
      { status: 400, code: 'odd' },
    ],
    [{ message: 'no code' }, { status: 502, type: server, code: 'upstream_invalid_answer' }],
  ])('is noticed under status 200: %j', async (body, expected) => {
    sandbox.fault({ status: 200, body });
    await expectError(await generate(), expected);
  });

  it('is asked for once: nothing that may have been charged is sent again', async () => {
    for (const status of [429, 500, 502, 503, 504]) {
      sandbox.reset();
      sandbox.fault({ status, times: 5 });
      await generate();
      expect(sandbox.requests()).toHaveLength(1);
    }
  });
});
