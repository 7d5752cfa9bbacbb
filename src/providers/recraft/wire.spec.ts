import { describe, expect, it } from '@jest/globals';
import type { ImageToImageRequest, UploadedImage } from '../../images/image-request.js';
import { toWire, type WireRequest } from './wire.js';

const picture = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));

/** An upload that arrives in pieces of awkward sizes. */
function anUpload(bytes = picture, pieceBytes = 7): UploadedImage {
  return {
    kind: 'bytes',
    param: 'image[]',
    bytes: bytes.length,
    format: 'png',
    width: 256,
    height: 256,
    // eslint-disable-next-line @typescript-eslint/require-await -- stands for a file
    async *open() {
      for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
    },
  };
}

const anEdit = (over: Partial<ImageToImageRequest> = {}): ImageToImageRequest => ({
  operation: 'imageToImage',
  prompt: 'winter',
  count: 2,
  responseFormat: 'url',
  strength: 0.35,
  image: anUpload(),
  extra: {},
  ...over,
});

async function bodyOf({ body, contentLength }: WireRequest): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  if (Buffer.isBuffer(body)) chunks.push(body);
  else for await (const chunk of body) chunks.push(chunk);
  const whole = Buffer.concat(chunks);
  expect(whole.length).toBe(contentLength);
  return whole;
}

async function formOf(wire: WireRequest): Promise<FormData> {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- an independent parser is the judge here
  return new Response(new Uint8Array(await bodyOf(wire)), { headers: { 'content-type': wire.contentType } }).formData();
}

describe('toWire', () => {
  it('writes a generation in Recraft’s names, type and value intact', async () => {
    const wire = toWire(
      {
        operation: 'generate',
        prompt: 'a fox',
        count: 1,
        responseFormat: 'b64_json',
        size: '16:9',
        styleId: 'sid',
        negativePrompt: 'text',
        controls: { colors: [{ rgb: [255, 0, 0], weight: 0.5 }], no_text: true },
        textLayout: [{ text: 'HI', bbox: [[0, 0], [1, 0], [1, 1], [0, 1]] }], // prettier-ignore
        randomSeed: 0,
        imageFormat: 'png',
        extra: { creativity: 'simple', prompt: 'not this one' },
      },
      'recraftv3',
    );
    expect(wire.path).toBe('/v1/images/generations');
    expect(JSON.parse((await bodyOf(wire)).toString())).toEqual({
      prompt: 'a fox',
      model: 'recraftv3',
      n: 1,
      size: '16:9',
      response_format: 'b64_json',
      style_id: 'sid',
      negative_prompt: 'text',
      controls: { colors: [{ rgb: [255, 0, 0], weight: 0.5 }], no_text: true },
      text_layout: [{ text: 'HI', bbox: [[0, 0], [1, 0], [1, 1], [0, 1]] }], // prettier-ignore
      random_seed: 0,
      image_format: 'png',
      creativity: 'simple',
    });
  });

  it('sends a flat edit as a form, the picture’s bytes untouched', async () => {
    const wire = toWire(anEdit({ style: 'line "art"', prompt: 'a\nb', extra: { 'odd"name': true } }), 'recraftv3');
    expect(wire.path).toBe('/v1/images/imageToImage');
    const form = await formOf(wire);
    const { image, ...fields } = Object.fromEntries(form);
    expect(fields).toEqual({
      prompt: 'a\nb',
      model: 'recraftv3',
      n: '2',
      response_format: 'url',
      style: 'line "art"',
      strength: '0.35',
      'odd"name': 'true',
    });
    expect((image as File).type).toBe('image/png');
    expect(Buffer.from(await (image as File).arrayBuffer()).equals(picture)).toBe(true);
  });

  it.each([0, 1, 2, 3, 4, 100, 101, 102])(
    'sends an edit with nested fields as JSON, the picture as a data URL (%i bytes)',
    async (bytes) => {
      const wire = toWire(
        anEdit({ controls: { no_text: true }, image: anUpload(picture.subarray(0, bytes)) }),
        'recraftv3',
      );
      expect(wire.contentType).toBe('application/json');
      expect(JSON.parse((await bodyOf(wire)).toString())).toEqual({
        prompt: 'winter',
        model: 'recraftv3',
        n: 2,
        response_format: 'url',
        strength: 0.35,
        controls: { no_text: true },
        image_url: `data:image/png;base64,${picture.subarray(0, bytes).toString('base64')}`,
      });
    },
  );

  it('lets the links of a request take the place of a default’s', async () => {
    const link = (url: string) => ({ kind: 'link', param: 'style_reference_urls[0]', url }) as const;
    const wire = toWire(
      {
        operation: 'generate',
        prompt: 'a fox',
        count: 1,
        responseFormat: 'url',
        styleReferences: [link('https://x/own.png')],
        extra: { style_reference_urls: ['https://x/default.png'], creativity: 'simple' },
      },
      'recraftv4_styles',
    );
    const text = (await bodyOf(wire)).toString();
    expect(text).not.toContain('default.png');
    expect(JSON.parse(text)).toMatchObject({ style_reference_urls: ['https://x/own.png'], creativity: 'simple' });
  });

  it('leaves a linked picture to Recraft', async () => {
    const wire = toWire(anEdit({ image: { kind: 'link', param: 'image', url: 'https://x.test/a.png' } }), 'recraftv3');
    expect(JSON.parse((await bodyOf(wire)).toString())).toMatchObject({
      image_url: 'https://x.test/a.png',
      strength: 0.35,
    });
  });
});

describe('An operation that answers with one picture', () => {
  it('is sent no number of pictures, whatever was asked for', async () => {
    const request = { operation: 'removeBackground', count: 1, responseFormat: 'url', image: anUpload() } as const;
    const body = await bodyOf(toWire({ ...request, extra: { n: 3, odd: 'x' } }, 'recraftv3'));
    expect(body.toString('latin1')).toContain('name="odd"');
    expect(body.toString('latin1')).not.toContain('name="n"');
  });
});
