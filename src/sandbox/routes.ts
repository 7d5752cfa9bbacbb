import { jsonAnswer, textAnswer, type Answer } from './answer.js';
import type { Call } from './call.js';
import { MODELS, type Model } from './models.js';
import { createStyle, deleteStyle, listBasicStyles, listStyles, readStyle } from './custom-styles.js';
import { edits } from './edits.js';
import { pictures } from './pictures.js';
import {
  CREATIVE_UPSCALE,
  CRISP_UPSCALE,
  ENHANCE,
  ERASE_REGION,
  REMOVE_BACKGROUND,
  retouches,
  VECTORIZE,
} from './retouch.js';
import { enhancePrompt, optimizeColors } from './tools.js';
import { explore, exploreSimilar, variate } from './variations.js';

/** A row of recraft-api.md §2. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** `{id}` stands for one segment. */
  readonly path: string;
  /** Answers without a token, at the host's root; everything else asks for one. */
  readonly open?: true;
  readonly answer: (call: Call) => Answer | Promise<Answer>;
}

export const ROUTES: readonly Route[] = [
  { method: 'POST', path: '/v1/images/generations', answer: pictures({ fromSource: false }) },
  { method: 'POST', path: '/v1/images/generations/raster', answer: pictures({ fromSource: false, output: 'raster' }) },
  { method: 'POST', path: '/v1/images/generations/vector', answer: pictures({ fromSource: false, output: 'vector' }) },
  { method: 'POST', path: '/v1/images/imageToImage', answer: pictures({ fromSource: true }) },
  { method: 'POST', path: '/v1/images/inpaint', answer: edits('inpaint') },
  { method: 'POST', path: '/v1/images/outpaint', answer: edits('outpaint') },
  { method: 'POST', path: '/v1/images/replaceBackground', answer: edits('replace background') },
  { method: 'POST', path: '/v1/images/generateBackground', answer: edits('generate background') },
  { method: 'POST', path: '/v1/images/variateImage', answer: variate },
  { method: 'POST', path: '/v1/images/explore', answer: explore },
  { method: 'POST', path: '/v1/images/explore/similar', answer: exploreSimilar },
  { method: 'POST', path: '/v1/images/vectorize', answer: retouches(VECTORIZE) },
  { method: 'POST', path: '/v1/images/removeBackground', answer: retouches(REMOVE_BACKGROUND) },
  { method: 'POST', path: '/v1/images/crispUpscale', answer: retouches(CRISP_UPSCALE) },
  { method: 'POST', path: '/v1/images/clarityUpscale', answer: retouches(CRISP_UPSCALE) },
  { method: 'POST', path: '/v1/images/creativeUpscale', answer: retouches(CREATIVE_UPSCALE) },
  { method: 'POST', path: '/v1/images/generativeUpscale', answer: retouches(CREATIVE_UPSCALE) },
  { method: 'POST', path: '/v1/images/enhance', answer: retouches(ENHANCE) },
  { method: 'POST', path: '/v1/images/refineDetails', answer: retouches(ENHANCE) },
  { method: 'POST', path: '/v1/images/eraseRegion', answer: retouches(ERASE_REGION) },
  { method: 'POST', path: '/v1/prompts/enhance', answer: enhancePrompt },
  { method: 'POST', path: '/v1/colors/optimize', answer: optimizeColors },
  { method: 'POST', path: '/v1/styles', answer: createStyle },
  { method: 'GET', path: '/v1/styles', answer: listStyles },
  { method: 'GET', path: '/v1/styles/basic', answer: listBasicStyles },
  { method: 'GET', path: '/v1/styles/{id}', answer: readStyle },
  { method: 'DELETE', path: '/v1/styles/{id}', answer: deleteStyle },
  { method: 'GET', path: '/v1/users/me', answer: account },
  { method: 'GET', path: '/v1/models', answer: () => jsonAnswer(200, { data: MODELS.map(listing) }) },
  { method: 'GET', path: '/status', open: true, answer: () => jsonAnswer(200, { service: true, generation: true }) },
  { method: 'GET', path: '/ping', open: true, answer: () => textAnswer(200, '') },
];

/** The routes of a path, and what stands in it for `{id}`; a path without a parameter goes first. */
export function routesOf(path: string): { readonly routes: readonly Route[]; readonly parameter: string } {
  const exact = ROUTES.filter((route) => route.path === path);
  if (exact.length > 0) return { routes: exact, parameter: '' };
  const cut = path.lastIndexOf('/');
  const template = `${path.slice(0, cut)}/{id}`;
  return { routes: ROUTES.filter((route) => route.path === template), parameter: path.slice(cut + 1) };
}

function account({ state }: Call): Answer {
  return jsonAnswer(200, {
    credits: state.ledger.balance,
    email: 'sandbox@example.com',
    id: '5a4db0c5-0000-4000-8000-000000000001',
    name: 'Sandbox account',
  });
}

function listing(model: Model): Record<string, unknown> {
  return {
    id: model.id,
    name: model.name,
    created: Date.parse(model.released) / 1000,
    input_modalities: model.transforms ? ['text', 'image'] : ['text'],
    output_modalities: ['image'],
    pricing: { image: String(model.units / 1000) },
  };
}
