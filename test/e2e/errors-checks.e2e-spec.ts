import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { expectError, SECRET_PROMPT } from '../support/expect-error.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture } from '../support/pictures.js';

const GENERATIONS = '/v1/images/generations';
const EDITS = '/v1/images/edits';
const MIB = 1024 * 1024;

let sandbox: Sandbox;
let gateway: RunningGateway;

beforeAll(async () => {
  sandbox = await Sandbox.start();
  gateway = await startGateway(sandbox, { MAX_IMAGE_BYTES: String(21 * MIB) });
});

/** What is sure to fail must not reach Recraft, where it would take its time and count against the rate. */
function expectNothingSent(): void {
  expect(sandbox.requests()).toEqual([]);
}

afterEach(expectNothingSent);

afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});

const V3 = 'recraft/recraftv3';
const V4 = 'recraft/recraftv4';

describe('A generation that is sure to fail names what is wrong', () => {
  it.each<[string, string, Record<string, unknown>]>([
    ['prompt', 'missing_required_parameter', { prompt: undefined }],
    ['prompt', 'missing_required_parameter', { prompt: null }],
    ['prompt', 'missing_required_parameter', { prompt: '' }],
    ['prompt', 'missing_required_parameter', { prompt: ' \n' }],
    ['prompt', 'invalid_type', { prompt: 17 }],
    ['n', 'integer_above_max_value', { n: 7 }],
    ['n', 'integer_below_min_value', { n: 0 }],
    ['n', 'invalid_type', { n: 1.5 }],
    ['n', 'invalid_type', { n: 'many' }],
    ['size', 'unsupported_value', { size: '1820x1024', model: V4 }],
    ['size', 'unsupported_value', { size: '640x480' }],
    ['size', 'invalid_value', { size: 'huge' }],
    ['size', 'invalid_type', { size: 1024 }],
    ['style', 'unsupported_value', { style: 'digital_illustration', model: V4 }],
    ['substyle', 'unsupported_value', { style: 'digital_illustration', substyle: 'hdr', model: V3 }],
    ['style_id', 'unsupported_parameter', { style_id: 's', style: 'realistic_image', model: V3 }],
    ['style_id', 'unsupported_parameter', { style_id: 's', model: 'recraft/recraftv4_1_flash' }],
    ['style_id', 'missing_required_parameter', { model: 'recraft/recraftv4_styles' }],
    ['image_format', 'invalid_value', { image_format: 'jpeg' }],
    ['output_format', 'unsupported_value', { output_format: 'gif' }],
    ['output_format', 'invalid_value', { output_format: 'bmp' }],
    ['background', 'unsupported_value', { background: 'transparent' }],
    ['response_format', 'invalid_value', { response_format: 'binary' }],
    ['quality', 'invalid_value', { quality: 'best' }],
    ['random_seed', 'integer_above_max_value', { random_seed: 4_294_967_296 }],
    ['random_seed', 'integer_below_min_value', { random_seed: -1 }],
    ['stream', 'invalid_type', { stream: 'yes' }],
    ['controls', 'invalid_type', { controls: 'red' }],
    ['controls.artistic_level', 'integer_above_max_value', { controls: { artistic_level: 6 } }],
    [
      'controls.colors[1].rgb',
      'integer_above_max_value',
      { controls: { colors: [{ rgb: [1, 2, 3] }, { rgb: [1, 2, 300] }] } },
    ],
    ['text_layout[0].bbox', 'invalid_value', { text_layout: [{ text: 'FOX', bbox: [[0, 0]] }], model: V3 }],
    ['extra_body', 'invalid_type', { extra_body: 'n=2' }],
    ['n', 'integer_above_max_value', { extra_body: { n: 7 } }],
  ])('%s: %s, for %j', async (param, code, fields) => {
    const response = await gateway.post(GENERATIONS, { prompt: SECRET_PROMPT, ...fields });
    await expectError(response, { status: 400, code, param });
  });

  it.each([
    [1_001, 'x', V3],
    [1_001, '🦊', V3],
    [10_001, 'x', V4],
  ])('a prompt of %i times %s for %s', async (count, character, model) => {
    const response = await gateway.post(GENERATIONS, { prompt: character.repeat(count), model });
    await expectError(response, { status: 400, code: 'string_above_max_length', param: 'prompt' });
  });

  it('nesting without an end', async () => {
    const controls = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
    const response = await gateway.post(GENERATIONS, `{"prompt":"${SECRET_PROMPT}","controls":${controls}}`);
    await expectError(response, { status: 400, code: 'invalid_value', param: 'controls' });
  });

  it('several faults at once: the first by its name, the others in the message', async () => {
    const response = await gateway.post(GENERATIONS, { prompt: SECRET_PROMPT, n: 7, quality: 'best' });
    const message = await expectError(response, { status: 400, code: 'integer_above_max_value', param: 'n' });
    expect(message).toContain('quality');
  });
});

describe('An edit that is sure to fail names what is wrong', () => {
  const picture = 'image_generation_user_error';
  const gif = () =>
    sharp({ create: { width: 300, height: 300, channels: 3, background: 'red' } })
      .gif()
      .toBuffer();
  const svg = (bytes: number) =>
    Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="512" height="512"></svg>'.padEnd(bytes, ' '));

  it.each([
    ['GIF', gif, { status: 400, type: picture, code: 'unsupported_file_mimetype' }],
    ['words', () => Buffer.from('no picture'), { status: 400, type: picture, code: 'unsupported_file_mimetype' }],
    ['nothing', () => Buffer.alloc(0), { status: 400, type: picture, code: 'unsupported_file_mimetype' }],
    [
      'a short side',
      () => aPicture({ width: 255, height: 400 }),
      { status: 400, type: picture, code: 'invalid_image_file' },
    ],
    [
      'a long side',
      () => aPicture({ width: 4_097, height: 256 }),
      { status: 400, type: picture, code: 'invalid_image_file' },
    ],
    [
      'many pixels',
      () => aPicture({ width: 4_096, height: 4_000 }),
      { status: 400, type: picture, code: 'invalid_image_file' },
    ],
    [
      'half a header',
      async () => (await aPicture()).subarray(0, 12),
      { status: 400, type: picture, code: 'invalid_image_file' },
    ],
    ['many bytes', () => svg(20 * MIB + 1), { status: 413, code: 'request_too_large' }],
  ])('image: %s', async (_, make, expected) => {
    const form = new FormData();
    form.set('prompt', SECRET_PROMPT);
    form.set('image', new Blob([new Uint8Array(await make())]), 'source.png');
    const response = await gateway.call(EDITS, { method: 'POST', body: form });
    await expectError(response, { ...expected, param: 'image' });
  });

  it.each<[string, string, Record<string, unknown>]>([
    ['strength', 'integer_above_max_value', { strength: 1.1 }],
    ['strength', 'integer_below_min_value', { strength: -0.1 }],
    ['strength', 'invalid_type', { strength: 'strong' }],
    ['prompt', 'missing_required_parameter', { prompt: undefined }],
    ['n', 'integer_above_max_value', { n: 7 }],
    ['model', 'unsupported_value', { model: 'recraft/recraftv2' }],
    ['model', 'unsupported_value', { model: 'recraft/recraftv4_1_flash' }],
    ['style', 'unsupported_value', { style: 'digital_illustration', model: V4 }],
  ])('%s: %s, for %j', async (param, code, fields) => {
    const image = 'https://example.com/fox.png';
    const response = await gateway.post(EDITS, { prompt: SECRET_PROMPT, image, ...fields });
    await expectError(response, { status: 400, code, param });
  });
});
