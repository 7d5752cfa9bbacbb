import { GatewayError } from '../../errors/gateway-error.js';
import type { DocumentRequest } from '../../images/image-provider.js';
import { findModel, RECRAFT_MODELS, type RecraftModel } from './catalogue.js';
import { checkWeights } from './fit-controls.js';
import { checkOperation, checkPrompt } from './fit-model.js';
import { checkStyleSources } from './fit-source.js';
import { checkStyleMatch } from './fit-style.js';
import type { ModelLine } from './styles.js';

/**
 * Base styles by line and output: those of recraft-api.md §6.1, and of the published document's list also what §6.3 has
 * for the line.
 */
const BASE_STYLES: Readonly<Record<ModelLine, Readonly<Record<RecraftModel['output'], readonly string[]>>>> = {
  v4: { raster: ['any'], vector: ['vector_illustration'] },
  v3: {
    raster: ['realistic_image', 'digital_illustration', 'logo_raster', 'any'],
    vector: ['vector_illustration'],
  },
  v2: { raster: ['realistic_image', 'digital_illustration', 'any'], vector: ['vector_illustration', 'icon'] },
};

/** What mixes other styles, which V2 and V3 alone do. */
const MIXING = ['source_styles', 'source_style_weights', 'mix_policy'] as const;

/** Fields of `POST /styles` with types that its DTO has checked. */
interface StyleFields {
  readonly match?: string;
  readonly style?: string;
  readonly prompt?: string;
  readonly image_weights?: readonly unknown[];
  readonly source_styles?: readonly unknown[];
  readonly source_style_weights?: readonly unknown[];
  readonly mix_policy?: string;
  readonly palette?: { readonly colors?: readonly { readonly weight?: number }[] };
}

/**
 * Checks a style that is to be made by the model that it will be bound to. A model that the catalogue does not know gets
 * what the caller sent.
 *
 * @throws GatewayError naming the field at fault
 */
export function checkNewStyle({ fields, pictures }: DocumentRequest, model: string): void {
  const asked = fields as StyleFields;
  const card = findModel(model);
  if (card !== undefined) checkByModel(card, asked);
  checkStyleSources(pictures);
  const sources = asked.source_styles?.length ?? 0;
  // Recraft makes a style of pictures or of other styles.
  if (pictures.length === 0 && sources === 0) {
    const message = 'A style is made from pictures: send 1 to 10 as files or image_urls.';
    throw new GatewayError('missingParameter', message, { param: 'files' });
  }
  checkOneEach('image_weights', asked.image_weights, pictures.length, 'picture');
  checkOneEach('source_style_weights', asked.source_style_weights, sources, 'source style');
  checkWeights(asked.palette?.colors ?? [], 'palette.colors');
}

function checkByModel(card: RecraftModel, asked: StyleFields): void {
  checkOperation(card, 'createStyle');
  if (asked.prompt !== undefined) checkPrompt(card, asked.prompt);
  checkStyleMatch(card, 'match', asked.match);
  checkBaseStyle(card, asked.style);
  const mixing = card.line === 'v4' ? MIXING.find((name) => isGiven(asked[name])) : undefined;
  if (mixing === undefined) return;
  const able = RECRAFT_MODELS.filter(({ line }) => line !== 'v4').map(({ id }) => id);
  const message = `${card.displayName} does not take ${mixing}. Models that do: ${able.join(', ')}.`;
  throw new GatewayError('unsupportedParameter', message, { param: mixing });
}

/** An empty list says as little as none; Swagger UI sends some. */
function isGiven<T extends string | readonly unknown[]>(value: T | undefined): value is T {
  return value !== undefined && value.length > 0;
}

/** On V2 and V3 a vector style makes vectors of a raster model too, as it does where pictures are drawn. */
function baseStylesOf({ line, output }: RecraftModel): readonly string[] {
  const { raster, vector } = BASE_STYLES[line];
  if (output === 'vector') return vector;
  return line === 'v4' ? raster : [...raster, ...vector];
}

function checkBaseStyle(card: RecraftModel, style: string | undefined): void {
  const offered = baseStylesOf(card);
  if (style === undefined || offered.includes(style)) return;
  const message = `A style of ${card.displayName} does not start from '${style}', but from ${offered.join(', ')}.`;
  throw new GatewayError('unsupportedValue', message, { param: 'style' });
}

function checkOneEach(param: string, weights: readonly unknown[] | undefined, count: number, what: string): void {
  if (!isGiven(weights) || weights.length === count) return;
  const message = `${param} has ${weights.length} values for ${count} of them: give one for each ${what}.`;
  throw new GatewayError('invalidValue', message, { param });
}
