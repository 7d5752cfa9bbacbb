import { randomUUID } from 'node:crypto';
import { jsonAnswer, Refusal, type Answer } from './answer.js';
import type { Call } from './call.js';
import type { ResponseFormat } from './order.js';
import type { Size } from './sizes.js';
import type { Sketch } from './state.js';

/** A picture that was made. */
export interface PictureFile extends Size {
  readonly bytes: Buffer;
  readonly contentType: string;
}

export interface Handover {
  readonly files: readonly PictureFile[];
  readonly responseFormat: ResponseFormat;
  readonly credits: number;
  /** One picture as `image`, or a list as `data` (recraft-api.md §4.4). */
  readonly single?: true;
  /** What they were drawn from, where they are sketches. */
  readonly sketch?: Sketch;
  /** The style that references made. */
  readonly styleId?: string;
  /** Whether `features` of each picture are asked for (recraft-api.md §4.4). */
  readonly withFeatures?: boolean;
}

interface Entry {
  readonly image_id: string;
  readonly url?: string;
  readonly b64_json?: string;
  readonly features?: { readonly nsfw_score: number };
}

/** A drawing of the sandbox's shows nothing that is not safe. */
const FEATURES = { features: { nsfw_score: 0 } };

/** Answers with pictures in the form that was asked for. */
export function picturesAnswer(
  call: Call,
  { files, responseFormat, credits, single, styleId, sketch, withFeatures }: Handover,
): Answer {
  const features = withFeatures === true ? FEATURES : {};
  const entries = files.map((file): Entry => ({ ...entryOf(file, responseFormat, call), ...features }));
  if (sketch)
    call.state.rememberSketches(
      entries.map(({ image_id: id }) => id),
      sketch,
    );
  const document = {
    created: Math.floor(call.state.now() / 1000),
    credits,
    ...(single ? { image: entries[0] } : { data: entries }),
    ...(styleId !== undefined && { style_id: styleId }),
  };
  if (responseFormat !== 'multipart') return jsonAnswer(200, document, credits);
  return formAnswer(document, entries, files, credits);
}

/** Charges nobody yet, but refuses an empty account or more pictures than the minute allows. @throws Refusal */
export function admit({ state, token }: Call, count: number): void {
  state.ledger.requireCredit();
  if (!state.imageRate.admit(token, count, state.settings.imagesPerMinute)) {
    throw new Refusal('Rate limit exceeded', 'rate_limit_exceeded', 429);
  }
}

function entryOf(file: PictureFile, format: ResponseFormat, { state, pictureBase }: Call): Entry {
  const id = randomUUID();
  if (format === 'multipart') return { image_id: id };
  if (format === 'b64_json') return { image_id: id, b64_json: file.bytes.toString('base64') };
  const expiresAt = state.now() + state.settings.urlLifetimeMs;
  const path = state.pictures.keep(id, { ...file, expiresAt }, file.width, file.height);
  return { image_id: id, url: pictureBase + path };
}

/** A part `response`, then one for each picture, named by its id (recraft-api.md §4.2). */
function formAnswer(
  document: object,
  entries: readonly Entry[],
  files: readonly PictureFile[],
  credits: number,
): Answer {
  const boundary = `sandbox-${randomUUID()}`;
  const head = (lines: readonly string[]): Buffer => Buffer.from([`--${boundary}`, ...lines, '', ''].join('\r\n'));
  const end = Buffer.from('\r\n');
  const parts = [
    head(['Content-Disposition: form-data; name="response"', 'Content-Type: application/json']),
    Buffer.from(JSON.stringify(document)),
    end,
    ...files.flatMap(({ bytes, contentType }, index) => {
      const id = entries[index]?.image_id ?? '';
      const lines = [
        `Content-Disposition: form-data; name="${id}"`,
        `Content-ID: ${id}`,
        `Content-Type: ${contentType}`,
      ];
      return [head(lines), bytes, end];
    }),
    Buffer.from(`--${boundary}--\r\n`),
  ];
  const headers = { 'content-type': `multipart/form-data; boundary=${boundary}` };
  return { status: 200, headers, body: Buffer.concat(parts), credits };
}
