import { jsonAnswer, textAnswer, type Answer } from './answer.js';
import type { Call } from './call.js';
import { MODELS, type Model } from './models.js';
import { pictures } from './pictures.js';

/** A row of recraft-api.md §2. */
export interface Route {
  readonly method: 'GET' | 'POST';
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
  { method: 'GET', path: '/v1/users/me', answer: account },
  { method: 'GET', path: '/v1/models', answer: () => jsonAnswer(200, { data: MODELS.map(listing) }) },
  { method: 'GET', path: '/status', open: true, answer: () => jsonAnswer(200, { service: true, generation: true }) },
  { method: 'GET', path: '/ping', open: true, answer: () => textAnswer(200, '') },
];

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
