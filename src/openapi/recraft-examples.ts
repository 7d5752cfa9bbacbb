import type { RequestBody } from './edit-bodies.js';
import { type Example, type Examples, HOUSE } from './picture-examples.js';

/** As large as the house: the upper half is white, the lower half black. */
export const SKY =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAQAAAAEAAQAAAAB0CZXLAAAALUlEQVR42u3KsQ0AAAgDoP7/tJ7QwbjBTKaIIAiCIAiCIAiCIAjCMQAAAAA8Wz8l8OK+n5WAAAAAAElFTkSuQmCC';

const PICTURE = { image_url: HOUSE };
const MASKED = { ...PICTURE, mask_url: SKY };

const alone = (value: Example['value']): Example => ({ summary: 'A picture in the body, as a data URL', value });

const RASTER: Examples = {
  words: { summary: 'From words', value: { prompt: 'A paper boat on waves', size: '1:1' } },
  style: { summary: 'In the style of a picture', value: { prompt: 'A boat', style_reference_urls: [HOUSE] } },
};

const VECTOR: Examples = {
  words: {
    summary: 'From words',
    value: { model: 'recraftv4_1_vector', prompt: 'An icon of a bicycle', size: '1:1' },
  },
};

/** Work on a picture that needs nothing else. */
const RETOUCH = { picture: alone(PICTURE) };

const SIMILAR: Examples = {
  sketch: {
    summary: 'source_image_id is the image_id of a sketch that explore answered with: put one of yours here',
    value: { source_image_id: '0f4e7a52-6c1d-4b83-9e2a-5d7c81b09f36', similarity: 3 },
  },
};

const STYLES: Examples = {
  pictures: { summary: 'From a picture', value: { model: 'recraftv4_styles', match: 'precise', image_urls: [HOUSE] } },
  mixed: {
    summary: 'From pictures of unequal weight (Recraft V3)',
    value: {
      ...{ model: 'recraftv3', style: 'digital_illustration' },
      ...{ image_urls: [HOUSE, HOUSE], image_weights: [0.7, 0.3] },
    },
  },
};

const COLORS: Examples = {
  blues: {
    summary: 'Three colours made two',
    value: { colors: [{ hex: '#1e90ff', weight: 0.4 }, { hex: '#1e88e5' }, { hex: '#f5b041' }], num_colors_limit: 2 },
  },
}; // prettier-ignore

/**
 * JSON bodies by path. Each works as it stands, but for the id of a sketch, which everybody has to make first. Without
 * them Swagger UI would fill every field there is, and fields that exclude each other.
 */
const BODIES: Readonly<Record<string, Examples>> = {
  'images/variations': RETOUCH,
  'images/generations/raster': RASTER,
  'images/generations/vector': VECTOR,
  'images/imageToImage': { picture: alone({ ...PICTURE, prompt: 'A house in winter', strength: 0.5 }) },
  'images/inpaint': { picture: alone({ ...MASKED, prompt: 'A sky full of stars' }) },
  'images/outpaint': { picture: alone({ ...PICTURE, prompt: 'A house by the sea', size: '16:9' }) },
  'images/replaceBackground': { picture: alone({ ...PICTURE, prompt: 'A beach at noon' }) },
  'images/generateBackground': { picture: alone({ ...MASKED, prompt: 'A beach at noon' }) },
  'images/variateImage': { picture: alone({ ...PICTURE, size: '1:1' }) },
  'images/explore': {
    words: { summary: 'From words', value: { model: 'recraftv4_1', prompt: 'A logo for a bakery', size: '1:1' } },
  },
  'images/explore/similar': SIMILAR,
  'images/vectorize': RETOUCH,
  'images/removeBackground': RETOUCH,
  'images/crispUpscale': RETOUCH,
  'images/clarityUpscale': RETOUCH,
  'images/creativeUpscale': RETOUCH,
  'images/generativeUpscale': RETOUCH,
  'images/enhance': RETOUCH,
  'images/refineDetails': RETOUCH,
  'images/eraseRegion': { picture: alone(MASKED) },
  styles: STYLES,
  'prompts/enhance': { words: { summary: 'A few words', value: { prompt: 'a fox in snow' } } },
  'colors/optimize': COLORS,
};

/** A body with the examples of its route, if that is one of Recraft's. */
export function withExamples(path: string, body: RequestBody): RequestBody {
  const route = path.replace(/^\/(?:v1|openai\/deployments\/.+(?=\/images\/))\//, '');
  const examples = BODIES[route];
  if (examples === undefined || '$ref' in body) return body;
  const json = { ...body.content['application/json'], examples };
  return { ...body, content: { ...body.content, 'application/json': json } };
}
