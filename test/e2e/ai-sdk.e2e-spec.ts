import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateImage } from 'ai';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture, digestOf, kindOf } from '../support/pictures.js';

/** The AI SDK downloads from no private address but its server's own, so the pictures get a public one here. */
const PICTURES = 'https://pictures.example';

let sandbox: Sandbox;
let gateway: RunningGateway;
let picture: Buffer;
let provider: ReturnType<typeof createOpenAICompatible>;

beforeAll(async () => {
  picture = await aPicture();
  sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0, publicUrl: PICTURES });
  gateway = await startGateway(sandbox);
  provider = createOpenAICompatible({
    name: 'recraft',
    apiKey: gateway.key,
    baseURL: `${gateway.url}/v1`,
    fetch: (input, init) => fetch(new Request(input).url.replace(PICTURES, sandbox.url), init),
  });
});
afterAll(async () => {
  await gateway.close();
  await sandbox.close();
});
beforeEach(() => {
  sandbox.reset();
});

const model = () => provider.imageModel('recraft/recraftv3');
const fields = (): unknown => sandbox.requests().at(-1)?.fields;

describe('The AI SDK', () => {
  it('makes pictures and downloads them from their links', async () => {
    const { images } = await generateImage({ model: model(), prompt: 'a fox', n: 2, size: '1024x1024' });
    expect(await Promise.all(images.map(({ uint8Array }) => kindOf(uint8Array)))).toEqual(['webp', 'webp']);
    expect(fields()).toMatchObject({ model: 'recraftv3', prompt: 'a fox', size: '1024x1024' });
  });

  it("hands Recraft's own parameters on as they are", async () => {
    const recraft = {
      style: 'digital_illustration',
      controls: { colors: [{ rgb: [255, 0, 0] }, { rgb: [0, 128, 255] }], no_text: true },
      random_seed: 3,
      response_format: 'b64_json',
    };
    const { image } = await generateImage({ model: model(), prompt: 'a fox', providerOptions: { recraft } });
    expect(await kindOf(image.uint8Array)).toBe('webp');
    expect(fields()).toEqual({ model: 'recraftv3', prompt: 'a fox', n: 1, ...recraft });
  });

  it("gets base64 from a name of OpenAI's", async () => {
    const { image } = await generateImage({ model: provider.imageModel('gpt-image-1'), prompt: 'a fox' });
    expect(await kindOf(image.uint8Array)).toBe('webp');
    expect(fields()).toMatchObject({ response_format: 'b64_json' });
  });

  it('edits pictures', async () => {
    const { image } = await generateImage({
      model: model(),
      prompt: { text: 'winter', images: [picture] },
      providerOptions: { recraft: { strength: 0.4, response_format: 'b64_json' } },
    });
    expect(await kindOf(image.uint8Array)).toBe('webp');
    expect(fields()).toMatchObject({ prompt: 'winter', strength: '0.4', image: digestOf(picture) });
  });

  it('edits with nested parameters that it was given as JSON text', async () => {
    const controls = { colors: [{ rgb: [255, 0, 0] }], no_text: true };
    await generateImage({
      model: model(),
      prompt: { text: 'winter', images: [picture] },
      providerOptions: { recraft: { controls: JSON.stringify(controls), response_format: 'b64_json' } },
    });
    expect(fields()).toMatchObject({ controls, image_url: digestOf(picture) });
  });

  it.each([
    ['an object that it turned into [object Object]', {}, { controls: { no_text: true } }, 'controls'],
    ['a mask', { mask: true }, {}, 'mask'],
    ['two pictures', { two: true }, {}, 'image'],
  ])('is told by name that %s cannot be taken', async (_what, { mask, two }: Wish, recraft, param) => {
    const failure: unknown = await generateImage({
      model: model(),
      prompt: { text: 'winter', images: two ? [picture, picture] : [picture], ...(mask && { mask: picture }) },
      providerOptions: { recraft },
    }).catch((error: unknown) => error);
    expect(APICallError.isInstance(failure)).toBe(true);
    expect(failure).toMatchObject({ statusCode: 400, data: { error: { param } } });
    expect(sandbox.requests()).toEqual([]);
  });
});

interface Wish {
  readonly mask?: boolean;
  readonly two?: boolean;
}
