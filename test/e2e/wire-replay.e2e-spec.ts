import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Sandbox } from '../../src/sandbox/sandbox.js';
import { type CapturedRequest, readCaptures, toBytes } from '../support/captures.js';
import { type RunningGateway, startGateway } from '../support/gateway.js';
import { aPicture, digestOf } from '../support/pictures.js';
import { type RawAnswer, sendRaw } from '../support/raw-http.js';
import { leftOut } from '../support/reference.js';

const STYLE = '11111111-2222-3333-4444-555555555555';

/** The rest of the recordings went to servers of the clients' makers, or to routes that are not made yet. */
const ROUTES = /^\/v1\/(?:images\/(?:generations|edits|variations)$|models)/;

const captures = readCaptures()
  .filter(({ path }) => ROUTES.test(path))
  // Several clients send the same; once is enough.
  .filter(({ path, body }, index, all) => all.findIndex((one) => one.path === path && one.body === body) === index);

function captured(title: RegExp): CapturedRequest {
  const capture = captures.find(({ name }) => title.test(name));
  if (!capture) throw new Error(`No recording has the title ${String(title)}.`);
  return capture;
}

/** Recordings that are refused, and the field that the answer names. */
const REFUSALS: readonly (readonly [title: RegExp, status: number, param: string])[] = [
  // A style and a custom style exclude each other at Recraft.
  [/Recraft extras|generate with Recraft options/, 400, 'style_id'],
  [/edit one image with options/, 400, 'controls'],
  [/edit two|several images/, 400, 'image'],
  // The pictures sent in place of the recorded ones are opaque, and a mask has to have transparent parts.
  [/mask/, 400, 'mask'],
  [/models\.retrieve/, 404, 'model'],
];
const accepted = captures.filter(({ name }) => !REFUSALS.some(([title]) => title.test(name)));
const words = accepted.filter(({ path }) => path.endsWith('/generations'));
const forms = accepted.filter(({ head }) => head.some((line) => /^content-type: multipart/i.test(line)));

const TWO_COLORS = [{ rgb: [255, 0, 0] }, { rgb: [0, 128, 255] }];
const ONE_FILE = { n: 2, strength: 0.35, controls: { colors: TWO_COLORS, no_text: true } };

/** What of a form has to reach Recraft. Nested fields make it JSON there, all others leave it a form of texts. */
const FORMS: readonly (readonly [title: RegExp, fields: Readonly<Record<string, unknown>>])[] = [
  [/: edit one file$/, { ...ONE_FILE, model: 'recraftv3', prompt: 'w' }],
  [/: edit one file \+ extra_body/, { ...ONE_FILE, model: 'recraftv3', prompt: 'winter', style_id: STYLE }],
  [
    /one File \(toFile\)/,
    {
      n: 2,
      strength: 0.35,
      style_id: STYLE,
      random_seed: 7,
      response_format: 'b64_json',
      controls: { no_text: true, artistic_level: 3, background_color: { rgb: [1, 2, 3] }, colors: TWO_COLORS },
    },
  ],
  [/streaming body/, { prompt: 'winter', n: '1', strength: '0.2' }],
  [/Blob without name/, { prompt: 'héllo "quoted" ünïcode 日本\nsecond line' }],
  [/[vV]ariation/, { size: '1024x1024' }],
  [/edit stream:true/, { prompt: 'x', response_format: 'b64_json' }],
  [/edit (?:stream|raw bytes|open file object|toStreamingFile|fetch Response)|array of one/, { strength: '0.2' }],
];

/** Fields of a JSON body that are not for Recraft. */
const NOT_FORWARDED = ['model', 'user', 'quality', 'stream', 'partial_images', 'extra_body'];

/** What of a JSON body has to reach Recraft, as it was sent. */
function forwarded(body: string): Record<string, unknown> {
  const sent = JSON.parse(body) as Record<string, unknown> & { extra_body?: object };
  const fields = Object.entries({ ...sent, ...sent.extra_body });
  return Object.fromEntries(fields.filter(([name, value]) => !NOT_FORWARDED.includes(name) && value !== 'vivid'));
}

function fieldsOf({ name }: CapturedRequest): Readonly<Record<string, unknown>> {
  const row = FORMS.find(([title]) => title.test(name));
  if (!row) throw new Error(`Nothing is said about what reaches Recraft of ${name}.`);
  return row[1];
}

/** The recordings' styles were made up; Recraft knows styles by their UUID. */
function withKnownStyle(body: string): string {
  return body.replace(/(style_id"(?::"|\r\n\r\n))(?:abc|sid|x)\b/, `$1${STYLE}`);
}

const replays = captures.length > 0 ? describe : describe.skip;

replays(`Requests that real clients sent, byte by byte ${captures.length > 0 ? '' : leftOut('wire')}`, () => {
  let sandbox: Sandbox;
  let gateway: RunningGateway;
  let picture: Buffer;

  beforeAll(async () => {
    sandbox = await Sandbox.start({ requestsPerSecond: 0, imagesPerMinute: 0 });
    const named = { model_name: 'm', litellm_params: { model: 'recraft/recraftv3' } };
    gateway = await startGateway(sandbox, { MODEL_LIST: JSON.stringify([named]) });
    picture = await aPicture();
  });
  afterAll(async () => {
    await gateway.close();
    await sandbox.close();
  });
  beforeEach(() => {
    sandbox.reset();
  });

  const replay = (capture: CapturedRequest, edit = withKnownStyle): Promise<RawAnswer> =>
    sendRaw(gateway.url, toBytes(capture, gateway.url, { key: gateway.key, picture, edit }));
  const received = (): Readonly<Record<string, unknown>> => sandbox.requests().at(-1)?.fields ?? {};

  for (const capture of words) {
    it(`passes on every field of ${capture.name}`, async () => {
      const answer = await replay(capture);
      expect(answer.status).toBe(200);
      expect(received()).toMatchObject(forwarded(withKnownStyle(capture.body)));
    });
  }

  for (const capture of forms) {
    it(`passes on the picture and the fields of ${capture.name}`, async () => {
      const answer = await replay(capture);
      expect(answer.status).toBe(200);
      const { image, image_url: upload = image, ...fields } = received();
      expect(upload).toMatchObject(digestOf(picture));
      expect(fields).toMatchObject(fieldsOf(capture));
    });
  }

  for (const [title, status, param] of REFUSALS) {
    for (const capture of captures.filter(({ name }) => REFUSALS.find(([first]) => first.test(name))?.[0] === title)) {
      it(`refuses ${capture.name} with ${status} for ${param}, before Recraft is asked`, async () => {
        const answer = await replay(capture);
        expect(answer.status).toBe(status);
        expect(JSON.parse(answer.body)).toMatchObject({
          error: { type: expect.stringMatching(/^(invalid_request|image_generation_user)_error$/), param },
        });
        expect(sandbox.requests()).toEqual([]);
      });
    }
  }

  it("takes all of Recraft's own fields where style and style_id do not contradict each other", async () => {
    const capture = captured(/Recraft extras/);
    const withoutStyle = (body: string) => body.replace('"style":"digital_illustration","substyle":"hand_drawn",', '');
    const answer = await replay(capture, withoutStyle);
    expect(answer.status).toBe(200);
    expect(received()).toEqual({ ...forwarded(withoutStyle(capture.body)), model: 'recraftv3' });
  });

  it('hands the link of a JSON edit on to Recraft', async () => {
    await replay(captured(/edit with JSON body/));
    expect(received()).toMatchObject({ model: 'recraftv3', prompt: 'p', image_url: 'https://e.test/a.png' });
  });

  it('answers the list of models', async () => {
    const answer = await replay(captured(/models\.list/));
    expect(JSON.parse(answer.body)).toMatchObject({ object: 'list', data: expect.any(Array) as unknown });
  });
});
