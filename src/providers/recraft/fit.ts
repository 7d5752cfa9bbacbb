import { GatewayError } from '../../errors/gateway-error.js';
import type { FittedRequest } from '../../images/image-provider.js';
import type { ImageRequest, Operation } from '../../images/image-request.js';
import type { Deployment } from '../../registry/deployment.js';
import { drawnBy, findModel, RECRAFT_MODELS, type RecraftModel } from './catalogue.js';
import { checkSource } from './fit-source.js';
import { checkStyle } from './fit-style.js';

const NOTHING: readonly string[] = [];
const IMAGE_FORMAT: readonly string[] = ['image_format'];
const IMAGE_FORMATS: ReadonlySet<string> = new Set(['png', 'webp']);
const SEED_MAX = 4_294_967_295;

/**
 * Checks a request by its model's own limits and puts its size into the model's form, so that a request that is sure
 * to fail costs nothing. A model that the catalogue does not know gets the request as it came.
 *
 * The checks stand in Recraft's own order (recraft-api.md §10), so that both name the same fault first.
 *
 * @throws GatewayError whose `param` is the field's wire name
 */
export function fit(request: ImageRequest, deployment: Deployment): FittedRequest {
  const card = findModel(deployment.model);
  if (card === undefined) return { request, ignored: NOTHING, format: request.imageFormat ?? 'webp' };
  checkOperation(card, request.operation);
  checkPrompt(card, request.prompt);
  checkWhole('n', request.count, 1, card.countMax);
  const sized = withFittedSize(card, withKnownStyle(request));
  checkStyle(card, sized);
  checkFeatures(card, request);
  if (request.randomSeed !== undefined) checkWhole('random_seed', request.randomSeed, 0, SEED_MAX);
  if (request.operation === 'imageToImage') {
    checkRange('strength', request.strength, 0, 1);
    checkSource(request.image);
  }
  return withFittedFormat(card, sized);
}

function checkOperation(card: RecraftModel, operation: Operation): void {
  if (card.operations.includes(operation)) return;
  const able = RECRAFT_MODELS.filter(({ operations }) => operations.includes(operation)).map(({ id }) => id);
  const message = `${card.displayName} does not take part in ${operation}. Models that do: ${able.join(', ')}.`;
  throw new GatewayError('unsupportedValue', message, { param: 'model' });
}

function checkPrompt(card: RecraftModel, prompt: string): void {
  if (!/\S/.test(prompt)) throw new GatewayError('missingParameter', 'The prompt is empty.', { param: 'prompt' });
  if (!isLongerThan(card.promptMax, prompt)) return;
  const message = `The prompt is too long: ${card.displayName} takes at most ${card.promptMax} characters.`;
  throw new GatewayError('tooLong', message, { param: 'prompt' });
}

/** Counts characters, not UTF-16 units, and only where the two could disagree. */
function isLongerThan(max: number, text: string): boolean {
  if (text.length <= max) return false;
  return text.length > 2 * max || Array.from(text).length > max;
}

/** LiteLLM's page gives `realistic` as its example of a style; Recraft's name for it is `realistic_image`. */
function withKnownStyle(request: ImageRequest): ImageRequest {
  return request.style === 'realistic' ? { ...request, style: 'realistic_image' } : request;
}

function withFittedSize(card: RecraftModel, request: ImageRequest): ImageRequest {
  if (request.operation !== 'generate' || request.size === undefined) return request;
  const size = card.acceptedSizes.get(request.size);
  if (size === undefined) throw sizeRefused(card, request.size);
  return size === request.size ? request : { ...request, size };
}

function sizeRefused(card: RecraftModel, size: string): GatewayError {
  const allowed = Array.from(card.sizes, ([aspect, pixels]) => (pixels ? `${pixels} (${aspect})` : aspect));
  const message = `${card.displayName} does not have the size '${size}'. It takes ${allowed.join(', ')}.`;
  return new GatewayError('unsupportedValue', message, { param: 'size' });
}

/** An SVG has no picture format: Recraft ignores the field there (recraft-api.md §4.3), and the caller is told so. */
function withFittedFormat(card: RecraftModel, request: ImageRequest): FittedRequest {
  const isVector = drawnBy(card, request.style).output === 'vector';
  // Lossless WebP is what Recraft makes unasked (recraft-api.md §4.3).
  if (request.imageFormat === undefined) return { request, ignored: NOTHING, format: isVector ? 'svg' : 'webp' };
  if (isVector) {
    const { imageFormat, ...rest } = request;
    return { request: rest, ignored: imageFormat === 'svg' ? NOTHING : IMAGE_FORMAT, format: 'svg' };
  }
  if (request.imageFormat === 'svg') {
    const vector = `${card.id.replace(/_flash.*$/, '')}_vector`;
    const message = `${card.displayName} makes raster pictures; svg needs a vector model such as ${vector}.`;
    throw new GatewayError('unsupportedValue', message, { param: 'output_format' });
  }
  if (!IMAGE_FORMATS.has(request.imageFormat)) {
    throw new GatewayError('unsupportedValue', "'image_format' must be png or webp.", { param: 'image_format' });
  }
  return { request, ignored: NOTHING, format: request.imageFormat };
}

/** What the documentation says a model does not take (recraft-api.md §3) would be paid for and have no effect, or fail. */
function checkFeatures(card: RecraftModel, { negativePrompt, textLayout, controls }: ImageRequest): void {
  const { features } = card;
  if (negativePrompt !== undefined && !features.negativePrompt) throw featureMissing(card, 'negative_prompt');
  if (textLayout !== undefined && !features.textLayout) throw featureMissing(card, 'text_layout');
  if (controls?.artistic_level !== undefined && !features.artisticLevel) {
    throw featureMissing(card, 'controls.artistic_level');
  }
  if (controls?.no_text !== undefined && !features.noText) throw featureMissing(card, 'controls.no_text');
}

function featureMissing(card: RecraftModel, param: string): GatewayError {
  return new GatewayError('unsupportedParameter', `${card.displayName} does not take ${param}.`, { param });
}

function checkWhole(param: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value)) {
    throw new GatewayError('invalidType', `'${param}' must be a whole number.`, { param });
  }
  checkRange(param, value, min, max);
}

function checkRange(param: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  const fault = value > max ? 'aboveMaximum' : 'belowMinimum';
  throw new GatewayError(fault, `'${param}' must be from ${min} to ${max}; this request has ${value}.`, { param });
}
