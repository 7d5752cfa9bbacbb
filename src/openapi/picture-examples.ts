/** A named example, as OpenAPI's media types have them. */
export interface Example {
  readonly summary: string;
  readonly value: Readonly<Record<string, unknown>>;
}

export type Examples = Record<string, Example>;

const SUNSET = 'A beautiful sunset over a calm ocean';

/** Bodies of a generation. The first one stands in Swagger UI from the start, so it has to work for everybody. */
export const GENERATIONS: Examples = {
  picture: {
    summary: 'A picture',
    value: { model: 'recraft/recraftv3', prompt: SUNSET, n: 1, size: '1024x1024', response_format: 'url' },
  },
  shortest: { summary: 'The least that works: a prompt', value: { prompt: SUNSET } },
  style: {
    summary: 'A style, what to leave out, and a seed (Recraft V3)',
    value: {
      model: 'recraft/recraftv3',
      prompt: 'A fox in a library',
      style: 'digital_illustration',
      substyle: 'hand_drawn',
      negative_prompt: 'people, letters',
      random_seed: 42,
    },
  },
  colors: {
    summary: 'Preferred colours',
    value: {
      model: 'recraft/recraftv4_1',
      prompt: 'A paper boat on waves',
      size: '16:9',
      controls: {
        colors: [
          { rgb: [0, 71, 171], weight: 0.6 },
          { rgb: [255, 120, 0], weight: 0.4 },
        ],
        background_color: { rgb: [245, 240, 230] },
      },
    },
  },
  text: {
    summary: 'Words at a place (Recraft V3)',
    value: {
      model: 'recraft/recraftv3',
      prompt: 'A neon sign over a bakery at night',
      text_layout: [
        {
          text: 'BREAD',
          bbox: [
            [0.2, 0.2],
            [0.8, 0.2],
            [0.8, 0.4],
            [0.2, 0.4],
          ],
        },
      ],
    },
  },
  vector: {
    summary: 'A drawing in SVG',
    value: { model: 'recraft/recraftv4_1_vector', prompt: 'An icon of a bicycle', size: '1:1' },
  },
  openai: {
    summary: "What OpenAI's clients send: their model names and fields work",
    value: { model: 'gpt-image-1', prompt: SUNSET, size: '1536x1024', quality: 'high', user: 'customer-7' },
  },
  stream: {
    summary: 'Server-sent events, with two pictures',
    value: { model: 'recraft/recraftv3', prompt: SUNSET, n: 2, stream: true },
  },
};

/** A house of 8 x 8 blocks, 256 pixels wide: small enough for a page, large enough for Recraft. */
export const HOUSE =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAQAAAAEAAQMAAABmvDolAAAABlBMVEX1sEEuQFPjnyKIAAAACXBIWXMAAAsTAAALEwEAmpwYAAAALklEQVRo3u3KoQEAAAgDoP3/tPZlbZBJAAAAjk0RBEEQBEEQBEEQBEEQBEF4DgsGMfaIUfrbEQAAAABJRU5ErkJggg==';

/** JSON bodies of an edit. */
export const EDITS: Examples = {
  dataUrl: {
    summary: 'A picture in the body, as a data URL',
    value: { model: 'recraft/recraftv3', prompt: 'A house in winter', image: HOUSE, strength: 0.5 },
  },
  images: {
    summary: "OpenAI's spelling",
    value: { model: 'gpt-image-1', prompt: 'A house in winter', images: [{ image_url: HOUSE }] },
  },
};

/** An answer with links. */
export const URL_ANSWER = {
  created: 1_763_800_000,
  credits: 40,
  data: [
    {
      image_id: '1f9a4c1e-8c2b-4f0e-9a57-2d6f3a1b5c77',
      url: 'https://img.recraft.ai/aB3dE5/rs:fit:1024:1024:0/raw:1/plain/abs://external/images/1f9a4c1e',
    },
  ],
};

/** The same where there is one picture by nature. */
export const ONE_PICTURE_ANSWER = { created: URL_ANSWER.created, credits: 10, image: URL_ANSWER.data[0] };

/** An answer with base64, cut short here. */
export const BASE64_ANSWER = {
  created: 1_763_800_000,
  credits: 40,
  data: [{ image_id: '1f9a4c1e-8c2b-4f0e-9a57-2d6f3a1b5c77', b64_json: 'UklGRiQAAABXRUJQVlA4TBcAAAAv' }],
};

/** The events of one picture: comments while Recraft draws, then the picture (cut short here). */
export function eventStream(event: string): string {
  const picture = { type: event, created_at: 1_763_800_000, b64_json: 'UklGRiQAAABXRUJQVlA4TBcAAAAv' };
  return `: waiting for the picture\n\nevent: ${event}\ndata: ${JSON.stringify(picture)}\n\n`;
}
